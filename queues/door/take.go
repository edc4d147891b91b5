package door

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/hangtime-dev/hangtime/queues"
)

const mostBody = 1 << 20 // bytes of a task's arguments

// take gives a task to the broker: {"args": […], "kwargs": {…}}, either of which may be left out.
func (d *Door) take(w http.ResponseWriter, r *http.Request) {
	task := queues.Task{ID: newID(), Name: r.PathValue("name")}
	var body struct {
		Args   []json.RawMessage          `json:"args"`
		Kwargs map[string]json.RawMessage `json:"kwargs"`
	}
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, mostBody))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&body); err != nil && !errors.Is(err, io.EOF) {
		http.Error(w, `want {"args": […], "kwargs": {…}}: `+err.Error(), http.StatusBadRequest)
		return
	}
	task.Args, task.Kwargs = body.Args, body.Kwargs
	d.mu.Lock()
	d.given[task.ID] = time.Now()
	d.mu.Unlock()
	if err := d.system.Enqueue(r.Context(), task); err != nil {
		d.mu.Lock()
		delete(d.given, task.ID)
		d.mu.Unlock()
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusAccepted)
	_, _ = fmt.Fprintf(w, `{"id":%q,"state":"accepted"}`, task.ID)
}

// newID is a random UUID (RFC 9562, version 4), as both systems' own clients make them.
func newID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
