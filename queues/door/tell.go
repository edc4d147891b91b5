package door

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/hangtime-dev/hangtime/queues"
)

// A taskView is what is said of one task.
type taskView struct {
	ID    string `json:"id"`
	State string `json:"state"`
	PID   *int   `json:"pid,omitempty"` // nil: nobody said
}

// A queueView is what is said of the queue.
type queueView struct {
	Depth        int     `json:"depth"`
	InFlight     int     `json:"in_flight"`
	OldestMS     float64 `json:"oldest_ms"`
	Redelivered  *uint64 `json:"redelivered,omitempty"` // nil: the system does not count it
	DeadLettered uint64  `json:"dead_lettered"`         // none of these systems puts tasks aside
	DoneTwice    uint64  `json:"done_twice"`
}

// tell says what became of tasks, and how the queue is.
func (d *Door) tell(w http.ResponseWriter, r *http.Request) {
	ids := strings.Split(r.URL.Query().Get("ids"), ",")
	var answer struct {
		Tasks []taskView `json:"tasks"`
		Queue queueView  `json:"queue"`
	}
	var err error
	if answer.Tasks, err = d.tasks(r.Context(), ids); err == nil {
		answer.Queue, err = d.queue(r.Context())
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(answer)
}

func (d *Door) tasks(ctx context.Context, ids []string) ([]taskView, error) {
	given := map[string]time.Time{}
	d.mu.Lock()
	for _, id := range ids {
		if at, open := d.given[id]; open {
			given[id] = at
		}
	}
	d.mu.Unlock()
	standings := map[string]queues.Standing{}
	if len(given) > 0 {
		var err error
		if standings, err = d.system.Standings(ctx, given); err != nil {
			return nil, err
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	views := make([]taskView, 0, len(ids))
	for _, id := range ids {
		one := standings[id]
		view := taskView{ID: id, State: cmp.Or(one.State, d.ended[id], queues.Unknown)}
		if one.PID != 0 {
			view.PID = &one.PID
		}
		views = append(views, view)
		switch one.State {
		case queues.Done, queues.Failed, queues.TimedOut, queues.Lost:
			delete(d.given, id)
			d.ended[id] = one.State
		}
	}
	return views, nil
}

func (d *Door) queue(ctx context.Context) (queueView, error) {
	depth, err := d.system.Depth(ctx)
	if err != nil {
		return queueView{}, err
	}
	view := queueView{Depth: depth.Waiting, InFlight: depth.InFlight, Redelivered: depth.Redelivered, DoneTwice: depth.DoneTwice}
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, at := range d.given {
		view.OldestMS = max(view.OldestMS, float64(time.Since(at))/float64(time.Millisecond))
	}
	return view, nil
}
