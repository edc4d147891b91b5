package metrics

import (
	"slices"
	"testing"
	"time"

	"github.com/hangtime-dev/hangtime/hdr"
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
	o.add([]hdr.Bar{{Took: 1000, N: 8}, {Took: 3000, N: 1}})
	o.add([]hdr.Bar{{Took: 1000, N: 1}, {Took: 2000, N: 9}, {Took: 9000, N: 1}})
	if got := o.p90(); got != 2*ms || len(o.bars) != 4 {
		t.Errorf("%v of %v; want 2 ms", got, o.bars)
	}
	o.add([]hdr.Bar{{Took: 9000, N: 2}})
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

// silent is a server that answers 20 hits in each 100 ms until it is hurt at 2 s, then none; at heal it answers again
// those that become due from then on, and never the others.
func silent(t *testing.T, heal, well, now time.Duration) Recovery {
	t.Helper()
	f := New()
	add := func(at time.Duration, ev history.Event) { f.Add(history.Record{At: at, Event: ev}) }
	add(0, history.PhaseStarted{Phase: history.Before})
	const late = 37 * ms // the windows of sending begin between those by which hits are counted
	for at := time.Duration(0); at < now; at += 100 * ms {
		switch at {
		case 2000 * ms:
			add(at, history.FaultAsked{ID: "x/1", For: heal - at})
			add(at, history.FaultInEffect{ID: "x/1"})
		case heal:
			add(at, history.FaultHealed{ID: "x/1"})
		}
		add(at+late, history.LoadWindow{From: max(at+late-100*ms, 0), To: at + late, Due: 20, Sent: 20})
		if at < 2000*ms || at >= well {
			add(at+100*ms, history.HitWindow{Due: at, Width: 100 * ms, OK: 20,
				Response: encode(t, slices.Repeat([]time.Duration{4 * ms}, 20)...)})
		}
	}
	recoveries := f.Load(now).Recoveries
	if len(recoveries) != 1 {
		t.Fatalf("%d recoveries", len(recoveries))
	}
	return recoveries[0]
}

// While a run goes on, what has no answer yet is in no window at all.
func TestHitsThatNobodyHasAnsweredYetAreNoRecovery(t *testing.T) {
	for _, row := range []struct {
		name            string
		heal, well, now time.Duration
		took            time.Duration // within a window of what is said; a lower bound up to now where it is not recovered
		recovered       bool
	}{
		{"none of the hits due since the heal is answered", 4000 * ms, 20000 * ms, 8000 * ms, 4000 * ms, false},
		{"those due in the first two seconds are never answered", 4000 * ms, 6000 * ms, 9000 * ms, 2000 * ms, true},
		{"and since then less than a second has passed", 4000 * ms, 6000 * ms, 6500 * ms, 2500 * ms, false},
		{"those due before the heal are never answered", 4000 * ms, 4000 * ms, 8000 * ms, 0, true},
	} {
		t.Run(row.name, func(t *testing.T) {
			got := silent(t, row.heal, row.well, row.now)
			if got.AtLeast == row.recovered || got.Took > row.took || got.Took < row.took-200*ms {
				t.Errorf("took %v, a lower bound: %v; want %v", got.Took, got.AtLeast, row.took)
			}
		})
	}
}

func TestASecondInWhichNothingWasDueShowsNoRecovery(t *testing.T) {
	f := New()
	add := func(at time.Duration, ev history.Event) { f.Add(history.Record{At: at, Event: ev}) }
	add(0, history.FaultAsked{ID: "x/1"})
	add(0, history.FaultInEffect{ID: "x/1"})
	for at := time.Duration(0); at < 3000*ms; at += 100 * ms {
		add(at+100*ms, history.LoadWindow{From: at, To: at + 100*ms})
	}
	add(3100*ms, history.LoadWindow{From: 3000 * ms, To: 3100 * ms, Due: 1})
	if got := f.Load(3100 * ms).Recoveries; len(got) != 1 || !got[0].AtLeast {
		t.Errorf("%+v; want no more than a lower bound: not one hit has been answered", got)
	}
}

func TestHitsAreCountedWithinWholeWindowsOnly(t *testing.T) {
	var d dues
	if d.within(0, time.Hour) != 0 {
		t.Error("of no windows")
	}
	d.add(30*ms, 130*ms, 5)
	d.add(130*ms, 230*ms, 7)
	d.add(230*ms, 330*ms, 11)
	for _, row := range []struct {
		from, to time.Duration
		want     uint64
	}{{0, 500 * ms, 23}, {30 * ms, 330 * ms, 23}, {31 * ms, 330 * ms, 18}, {100 * ms, 300 * ms, 7},
		{31 * ms, 229 * ms, 0}, {400 * ms, 500 * ms, 0}, {0, 100 * ms, 0}} {
		if got := d.within(row.from, row.to); got != row.want {
			t.Errorf("%d hits due in windows from %v to %v; want %d", got, row.from, row.to, row.want)
		}
	}
}
