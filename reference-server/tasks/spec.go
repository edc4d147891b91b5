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

// Works are the kinds of work that a task may ask for. The last six are there to break things: fail ends with an
// error, exit ends the event loop as an uncaught SystemExit does, stop stops the loop without closing it, nested
// waits in the thread pool for another job of the same pool, locks takes two locks in two threads, and crash kills its
// own worker after its duration, as a segmentation fault does.
func Works() []string {
	return []string{"sleep", "cpu", "file", "dns", "socket", "fail", "exit", "stop", "nested", "locks", "crash"}
}

// What one task may ask for at most.
const (
	MaxDuration = time.Hour
	MaxSize     = 64 << 20 // bytes
	MaxBody     = 4 << 10  // bytes of the request's body
	MaxKey      = 128      // bytes
)

// A Spec is what a client asks for.
type Spec struct {
	Work     string
	Duration time.Duration
	Size     int           // bytes: of the file for work `file`, else of memory that the task holds while it lives
	Delay    time.Duration // from when it is accepted until it may be run
	Key      string        // the client's own name for the task: what comes again with it is the same task; empty: none
}

// ParseSpec reads the body of POST /task; its errors are for the client.
func ParseSpec(body []byte) (Spec, error) {
	var raw struct {
		Work     string `json:"work"`
		Duration string `json:"duration"`
		Size     int    `json:"size"`
		Delay    string `json:"delay"`
		Key      string `json:"key"`
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
	s := Spec{Work: raw.Work, Size: raw.Size, Key: raw.Key}
	if s.Work == "" {
		s.Work = "sleep"
	}
	if !slices.Contains(Works(), s.Work) {
		return Spec{}, fmt.Errorf("work: want one of %s, got %q", strings.Join(Works(), ", "), s.Work)
	}
	for name, given := range map[string]struct {
		text string
		to   *time.Duration
	}{"duration": {raw.Duration, &s.Duration}, "delay": {raw.Delay, &s.Delay}} {
		if given.text == "" {
			continue
		}
		d, err := time.ParseDuration(given.text)
		if err != nil || d < 0 || d > MaxDuration {
			return Spec{}, fmt.Errorf("%s: want a time from 0s to %v such as 20ms, got %q", name, MaxDuration, given.text)
		}
		*given.to = d
	}
	if len(s.Key) > MaxKey || strings.ContainsFunc(s.Key, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return Spec{}, fmt.Errorf("key: want at most %d letters, digits and signs, got %q", MaxKey, s.Key)
	}
	if s.Size < 0 || s.Size > MaxSize {
		return Spec{}, fmt.Errorf("size: want 0 to %d bytes, got %d", MaxSize, s.Size)
	}
	return s, nil
}
