// Package tasks is the guide's AsyncTaskManager: it accepts tasks from the request side, runs them on an event loop,
// bounded or not, and says what became of each. It serves no request itself.
package tasks

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// Works are the kinds of work that a task may ask for. The last five are there to break things: fail ends with an
// error, exit ends the event loop as an uncaught SystemExit does, stop stops the loop without closing it, nested
// waits in the thread pool for another job of the same pool, and locks takes two locks in two threads.
func Works() []string {
	return []string{"sleep", "cpu", "file", "dns", "socket", "fail", "exit", "stop", "nested", "locks"}
}

// What one task may ask for at most.
const (
	MaxDuration = time.Hour
	MaxSize     = 64 << 20 // bytes
	MaxBody     = 4 << 10  // bytes of the request's body
)

// A Spec is what a client asks for.
type Spec struct {
	Work     string
	Duration time.Duration
	Size     int // bytes: of the file for work `file`, else of memory that the task holds while it lives
}

// ParseSpec reads the body of POST /task; its errors are for the client.
func ParseSpec(body []byte) (Spec, error) {
	var raw struct {
		Work     string `json:"work"`
		Duration string `json:"duration"`
		Size     int    `json:"size"`
	}
	if len(body) > 0 {
		d := json.NewDecoder(bytes.NewReader(body))
		d.DisallowUnknownFields()
		if err := d.Decode(&raw); err != nil {
			return Spec{}, fmt.Errorf(`body: want a JSON object such as {"work":"sleep","duration":"20ms"}: %w`, err)
		}
		if _, err := d.Token(); !errors.Is(err, io.EOF) {
			return Spec{}, errors.New("body: want one JSON object and nothing after it")
		}
	}
	s := Spec{Work: raw.Work, Size: raw.Size}
	if s.Work == "" {
		s.Work = "sleep"
	}
	if !slices.Contains(Works(), s.Work) {
		return Spec{}, fmt.Errorf("work: want one of %s, got %q", strings.Join(Works(), ", "), s.Work)
	}
	if raw.Duration != "" {
		d, err := time.ParseDuration(raw.Duration)
		if err != nil || d < 0 || d > MaxDuration {
			return Spec{}, fmt.Errorf("duration: want a time from 0s to %v such as 20ms, got %q", MaxDuration, raw.Duration)
		}
		s.Duration = d
	}
	if s.Size < 0 || s.Size > MaxSize {
		return Spec{}, fmt.Errorf("size: want 0 to %d bytes, got %d", MaxSize, s.Size)
	}
	return s, nil
}
