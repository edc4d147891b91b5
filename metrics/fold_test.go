package metrics

import (
	"math"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/hangtime-dev/hangtime/hdr"
	"github.com/hangtime-dev/hangtime/history"
)

const ms = time.Millisecond

// encode writes response times as a source does.
func encode(t *testing.T, took ...time.Duration) string {
	t.Helper()
	h := hdr.Library()
	for _, d := range took {
		if err := h.RecordValue(int64(d / time.Microsecond)); err != nil {
			t.Fatal(err)
		}
	}
	text, err := h.Encode(hdrhistogram.V2CompressedEncodingCookieBase)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestHitsCountForThePhaseInWhichTheyWereDue(t *testing.T) {
	f := New()
	add := func(at time.Duration, ev history.Event) { f.Add(history.Record{At: at, Event: ev}) }
	add(0, history.PhaseStarted{Phase: history.Before})
	add(1000*ms, history.PhaseStarted{Phase: history.During})
	add(9000*ms, history.PhaseStarted{Phase: history.After})
	add(500*ms, history.HitWindow{Due: 300 * ms, Width: 100 * ms, OK: 2, Response: encode(t, 4*ms, 6*ms)})
	// Due during the fault, answered long after it: it belongs to the fault.
	add(9500*ms, history.HitWindow{Due: 2000 * ms, Width: 100 * ms, OK: 1,
		Errors: map[string]uint64{history.ErrReset: 1}, Response: encode(t, 7500*ms), Failed: encode(t, 6500*ms)})
	l := f.Load(9600 * ms)
	if l.OK != 3 || l.Failed != 1 || l.Errors[history.ErrReset] != 1 {
		t.Errorf("ok %d, failed %d, %v", l.OK, l.Failed, l.Errors)
	}
	if got := l.Phases[history.Before]; got.Count != 2 || !near(got.Max, 6*ms) {
		t.Errorf("before: %+v", got)
	}
	if got := l.Phases[history.During]; got.Count != 2 || !near(got.Max, 7500*ms) || !near(got.P50, 6500*ms) {
		t.Errorf("during: %+v; a failed hit counts with the age at which it failed", got)
	}
	if _, ok := l.Phases[history.After]; ok {
		t.Error("nothing was due after the fault")
	}
	if l.All.Count != 4 || !near(l.All.Max, 7500*ms) {
		t.Errorf("all: %+v", l.All)
	}
}

func near(got, want time.Duration) bool {
	return math.Abs(float64(got-want)) <= float64(want)*0.001+float64(time.Microsecond)
}

func TestRatesAreThoseOfTheLastSecond(t *testing.T) {
	f := New()
	for i := range 30 {
		from := time.Duration(i) * 100 * ms
		due := uint64(20)
		if i >= 20 {
			due = 50
		}
		f.Add(history.Record{At: from + 100*ms, Event: history.LoadWindow{From: from, To: from + 100*ms, Due: due}})
	}
	if offered, _ := f.rates.at(3000 * ms); offered != 500 {
		t.Errorf("offered %v/s; want 500", offered)
	}
	if offered, _ := f.rates.at(5000 * ms); offered != 0 {
		t.Errorf("offered %v/s two seconds after the last window; want 0", offered)
	}
}

func TestALongRunTakesNoMorePoints(t *testing.T) {
	f := New()
	f.Add(history.Record{Event: history.PhaseStarted{Phase: history.Before}})
	var ok uint64
	for i := range 36000 { // an hour
		due := time.Duration(i) * 100 * ms
		f.Add(history.Record{At: due, Event: history.HitWindow{Due: due, Width: 100 * ms, OK: 1}})
		ok++
	}
	s := f.Load(time.Hour).Series
	if len(s.Points) > maxPoints {
		t.Errorf("%d points", len(s.Points))
	}
	var sum uint64
	for _, p := range s.Points {
		sum += p.OK
	}
	if sum != ok {
		t.Errorf("%d of %d hits are in the points", sum, ok)
	}
	if end := s.Step * time.Duration(len(s.Points)); end < time.Hour || end > time.Hour+s.Step {
		t.Errorf("the points reach to %v", end)
	}
}

func TestEveryHitIsInOneBand(t *testing.T) {
	f := New()
	f.Add(history.Record{Event: history.HitWindow{Due: 0, OK: 4,
		Response: encode(t, 50*time.Microsecond, 3*ms, 3*ms, 20*time.Second)}})
	p := f.Load(time.Second).Series.Points[0]
	if p.Bands[0] != 1 || p.Bands[4] != 2 || p.Bands[BandCount-1] != 1 {
		t.Errorf("bands %v", p.Bands)
	}
	if p.P50 < 2800*time.Microsecond || p.P50 > 3200*time.Microsecond {
		t.Errorf("p50 %v; want about 3 ms", p.P50)
	}
}

// Another source may write histograms of another shape: what they hold is counted all the same.
func TestHistogramsOfEveryShapeAreRead(t *testing.T) {
	for _, row := range []struct {
		name string
		h    *hdrhistogram.Histogram
	}{
		{"ours", hdr.Library()},
		{"shorter", hdrhistogram.New(1, 60_000_000, 3)},
		{"longer", hdrhistogram.New(1, 10*hdr.Highest, 3)},
		{"coarser", hdrhistogram.New(1, hdr.Highest, 2)},
		{"finer", hdrhistogram.New(1, hdr.Highest, 4)},
		{"from 1 ms", hdrhistogram.New(1000, hdr.Highest, 3)},
	} {
		for _, v := range []int64{1500, 4000, 4000, 9_000_000} {
			if err := row.h.RecordValue(v); err != nil {
				t.Fatal(err)
			}
		}
		text, err := row.h.Encode(hdrhistogram.V2CompressedEncodingCookieBase)
		if err != nil {
			t.Fatal(err)
		}
		f := New()
		f.Add(history.Record{Event: history.HitWindow{OK: 4, Response: string(text)}})
		all := f.Load(time.Second).All
		off := func(got, want time.Duration) bool { return math.Abs(float64(got-want)) > 0.17*float64(want) }
		if f.Broken() > 0 || all.Count != 4 || off(all.P50, 4*ms) || off(all.Max, 9*time.Second) {
			t.Errorf("%s: broken %d, %+v", row.name, f.Broken(), all)
		}
	}
}
