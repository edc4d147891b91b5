package metrics

import (
	"testing"
	"time"

	"github.com/hangtime-dev/hangtime/history"
)

// A server that answers in 4 ms, is hurt from 2 s to 4 s, and goes on failing until sick.
func recoveredAt(t *testing.T, sick, end time.Duration) []Recovery {
	t.Helper()
	f := New()
	add := func(at time.Duration, ev history.Event) { f.Add(history.Record{At: at, Event: ev}) }
	add(0, history.PhaseStarted{Phase: history.Before})
	for at := time.Duration(0); at < end; at += 100 * ms {
		switch at {
		case 2000 * ms:
			add(at, history.PhaseStarted{Phase: history.During})
			add(at, history.FaultAsked{ID: "x/1", For: 2 * time.Second})
			add(at, history.FaultInEffect{ID: "x/1"})
		case 4000 * ms:
			add(at, history.PhaseStarted{Phase: history.After})
			add(at, history.FaultHealed{ID: "x/1"})
		}
		add(at+100*ms, history.LoadWindow{From: at, To: at + 100*ms, Due: 1, Sent: 1})
		took := 4 * ms
		if at >= 2000*ms && at < sick {
			took = 900 * ms
		}
		add(at+100*ms, history.HitWindow{Due: at, Width: 100 * ms, OK: 1, Response: encode(t, took)})
	}
	return f.Load(end).Recoveries
}

func TestTheP90OfAWindowIsThatOfAllItsHits(t *testing.T) {
	var o outcomes
	if o.p90() != 0 {
		t.Error("of no hits")
	}
	o.add([]bar{{1000, 8}, {3000, 1}})
	o.add([]bar{{1000, 1}, {2000, 9}, {9000, 1}})
	if got := o.p90(); got != 2*ms || len(o.bars) != 4 {
		t.Errorf("%v of %v; want 2 ms", got, o.bars)
	}
	o.add([]bar{{9000, 2}})
	if got := o.p90(); got != 9*ms {
		t.Errorf("%v of %v; want 9 ms", got, o.bars)
	}
}

func TestRecoveryIsFromHealToTheFirstSteadySecond(t *testing.T) {
	if got := recoveredAt(t, 5500*ms, 8000*ms); len(got) != 1 || got[0].Took != 1500*ms || got[0].AtLeast {
		t.Errorf("sick for 1.5 s after the heal: %+v", got)
	}
	if got := recoveredAt(t, 0, 8000*ms); len(got) != 1 || got[0].Took != 0 || got[0].AtLeast {
		t.Errorf("never sick: %+v", got)
	}
}

func TestRecoveryThatWasNotSeenIsALowerBound(t *testing.T) {
	if got := recoveredAt(t, 20000*ms, 8000*ms); len(got) != 1 || !got[0].AtLeast || got[0].Took != 4000*ms {
		t.Errorf("sick to the end: %+v", got)
	}
	if got := recoveredAt(t, 7500*ms, 8000*ms); len(got) != 1 || !got[0].AtLeast {
		t.Errorf("half a second of health proves nothing: %+v", got)
	}
}
