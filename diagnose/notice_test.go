package diagnose

import (
	"strings"
	"testing"
	"time"

	"github.com/hangtime-dev/hangtime/history"
)

func TestWhatIsNoHangIsNoticed(t *testing.T) {
	f := fold(script(pool(1), healthy(1, 101, 1*s, 20*s),
		at(0, history.Overflow{Dropped: 1000}, history.Listener{Backlog: 0, Limit: 128}),
		at(5*s, history.Listener{Backlog: 129, Limit: 128}, history.Overflow{Dropped: 1003}),
		at(6*s, history.Overflow{Dropped: 1010}),
		every(8*s, 11*s, func(t time.Duration) []history.Event {
			n := uint64(t / (100 * ms))
			return []history.Event{history.Cgroup{PID: 101, Path: "/web", Quota: 0.2, Periods: n, Throttled: n * 9 / 10,
				ThrottledFor: t * 8 / 10}}
		})))
	if got := f.Incidents(); len(got) != 0 {
		t.Errorf("got incidents: %+v", got)
	}
	got := f.Notices()
	if len(got) != 2 {
		t.Fatalf("got %+v, want the dropped connections and the quota", got)
	}
	for i, want := range []struct {
		kind     string
		from, to time.Duration
		sentence string
	}{{CauseBacklog, 5 * s, 6 * s, "the kernel dropped 10 connections"},
		{CauseThrottled, 8 * s, 10900 * ms, "the control group /web used up its quota of 0.2 processors"}} {
		n := got[i]
		if n.Cause.Kind != want.kind || n.Cause.Confidence != Proven || n.From > want.from+100*ms || n.To != want.to ||
			!strings.Contains(n.Cause.Sentence, want.sentence) || n.Cause.Remedy == "" || len(n.Cause.Evidence) == 0 {
			t.Errorf("got %+v, want %+v", n, want)
		}
	}
	if label := f.Workers()[0].Label; label != "" && label != Throttled {
		t.Errorf("got label %q", label)
	}
}

func TestANoticeCountsItsOwnDropsOnly(t *testing.T) {
	got := fold(script(pool(1), at(0, history.Overflow{Dropped: 1000}), at(5*s, history.Overflow{Dropped: 1003}),
		at(6*s, history.Overflow{Dropped: 1010}), at(15*s, history.Overflow{Dropped: 1012}))).Notices()
	if len(got) != 2 || got[0].Cause.Short != "10 connections dropped" || got[1].Cause.Short != "2 connections dropped" {
		t.Errorf("got %+v, want one of 10 and one of 2", got)
	}
}

// Of its own listeners the first count tells too: nobody else's connections are among them.
func TestTheFirstDropsOfItsOwnListenersCount(t *testing.T) {
	got := fold(script(pool(1), at(5*s, history.Overflow{Dropped: 3, Own: true}), at(6*s, history.Overflow{Dropped: 10, Own: true}))).Notices()
	if len(got) != 1 || got[0].Cause.Short != "10 connections dropped" {
		t.Errorf("got %+v, want one of 10", got)
	}
}

// How a queue's worker is set is told while all is well, and is no hang.
func TestSettingsThatLoseTasksAreNoticed(t *testing.T) {
	f := fold(script(pool(1), healthy(1, 101, 1*s, 20*s),
		at(2*s, history.QueueSetting{PID: 101, System: "celery", Off: "acks_late", Tasks: []string{"a", "b", "c", "d", "e"}, Of: 9},
			history.QueueSetting{PID: 101, System: "celery", Off: "reject_on_worker_lost", Tasks: []string{"f", "g"}, Of: 2},
			history.QueueSetting{PID: 101, System: "rq", Off: "retry", Tasks: []string{"h"}, Of: 1},
			history.QueueSetting{PID: 101, System: "rq", Off: "of a later version", Tasks: []string{"h"}, Of: 1})))
	if got := f.Incidents(); len(got) != 0 {
		t.Errorf("got incidents: %+v", got)
	}
	got := f.Notices()
	if len(got) != 3 {
		t.Fatalf("got %+v, want three", got)
	}
	for i, want := range []string{"acks_late is off for a, b, c, d, e and 4 more): ", "acks_late is on for f and g, ", "(h was enqueued without a retry)"} {
		if c := got[i].Cause; c.Kind != CauseSettings || !strings.Contains(c.Sentence, want) || !strings.Contains(c.Sentence, "https://") ||
			c.Remedy == "" {
			t.Errorf("got %+v, want %q with its document", c, want)
		}
	}
}
