// Package lending is a worker's half of a task backend whose engine lends tasks to workers: what the board knows, and
// when a task is begun, tried again, put aside or given back. An engine has only to carry tasks and answers.
package lending

import (
	"encoding/json"
	"time"

	"github.com/hangtime-dev/hangtime/reference-server/tasks"
)

// A Delivery is a task that the engine has lent to this worker. No two have the same token.
type Delivery struct {
	Token   string // by which the engine knows the loan
	Body    []byte
	Earlier int // how often it was lent before
}

// A Submission is a task that the engine is to take over.
type Submission struct {
	ID    string
	Key   string // the client's name for it; empty: none
	Hash  uint64 // of the key, as it is on the board; 0: none
	Delay time.Duration
	Body  []byte
}

// An Engine is asked from any thread; what answers a loan never blocks, and is kept until the engine has heard it or
// has forgotten the loan.
type Engine interface {
	// Start begins to lend. room says for how many more there is room now; got is called for one after the other.
	Start(room func() int, got func(Delivery)) error
	// Put returns when the engine has the task. first is the id of the task that came first under its key, often its own.
	// The error may be one of package tasks: ErrFull, ErrNoEngine, ErrForgotten.
	Put(Submission) (first string, err error)
	Ask() // there may be room again

	Ended(token string)                      // it needs not be lent again
	Again(token string, after time.Duration) // it is to be lent again
	Aside(token, reason string, tries int)   // it is to be kept with the dead letters
	Runs(tokens []string)                    // the loop of this worker turns, and these are in good hands
	Stop()                                   // lend no more
	Close() error                            // once the answers were heard; what is still lent then the arbiter gives back
	Guarantees() tasks.Guarantees
}

// A letter is a task as an engine has it.
type letter struct {
	ID       string        `json:"id"`
	Work     string        `json:"work"`
	Duration time.Duration `json:"duration"` // nanoseconds
	Size     int           `json:"size,omitempty"`
}

func bodyOf(t *tasks.Task, id string) ([]byte, error) {
	return json.Marshal(letter{ID: id, Work: t.Work, Duration: t.Duration, Size: t.Size})
}

// Renamed is the body of a submission as that of another task which is the same.
func Renamed(body []byte, id string) ([]byte, error) {
	var l letter
	if err := json.Unmarshal(body, &l); err != nil {
		return nil, err
	}
	l.ID = id
	return json.Marshal(l)
}
