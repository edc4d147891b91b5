package metrics

import (
	"testing"
	"time"

	"github.com/hangtime-dev/hangtime/history"
)

// How deep a queue was, how old its oldest task, and how long it took to be empty after the last heal.
func TestTheQueueIsFollowed(t *testing.T) {
	at := func(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
	said := func(seconds float64, depth int, oldest float64) history.Record {
		return history.Record{At: at(seconds), Event: history.Ledger{
			Queue: &history.TaskQueue{Depth: depth, Oldest: at(oldest)}}}
	}
	heal := func(seconds float64) history.Record {
		return history.Record{At: at(seconds), Event: history.FaultHealed{ID: "f"}}
	}
	silent := history.Record{At: at(1), Event: history.Ledger{Accepted: 3}}
	for _, c := range []struct {
		name    string
		records []history.Record
		want    Queue
	}{
		{"a server that says nothing of a queue", []history.Record{silent, heal(2)}, Queue{}},
		{"empty at the heal", []history.Record{said(1, 7, 2), said(2, 0, 0), heal(3), said(4, 5, 1)},
			Queue{Known: true, Deepest: 7, Oldest: at(2)}},
		{"it empties", []history.Record{said(1, 7, 2), heal(3), said(4, 9, 3), said(5.5, 0, 0), said(6, 4, 1)},
			Queue{Known: true, Deepest: 9, Oldest: at(3), Emptied: at(2.5), Healed: true}},
		{"it does not", []history.Record{said(1, 7, 2), heal(3), said(4, 9, 3)},
			Queue{Known: true, Deepest: 9, Oldest: at(3), Emptied: at(1), AtLeast: true, Healed: true}},
		{"the last heal counts", []history.Record{said(1, 7, 2), heal(3), said(4, 9, 3), heal(5), said(6, 0, 0)},
			Queue{Known: true, Deepest: 9, Oldest: at(3), Emptied: at(1), Healed: true}},
	} {
		f := New()
		for _, r := range c.records {
			f.Add(r)
		}
		if got := f.Load(at(10)).Queue; got != c.want {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
}
