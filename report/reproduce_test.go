package report

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hangtime-dev/hangtime/diagnose"
	"github.com/hangtime-dev/hangtime/scenarios"
)

// counts are the arrivals of some seconds at a rate each, even or at random moments.
func counts(random bool, rates ...float64) Arrivals {
	a := Arrivals{Step: 250 * time.Millisecond}
	source := rand.New(rand.NewPCG(1, 2))
	due := 0.0
	for _, rate := range rates {
		for range 4 {
			n := uint64(0)
			if random {
				for at := source.ExpFloat64() / rate; at < 0.25; at += source.ExpFloat64() / rate {
					n++
				}
			} else {
				due += rate / 4
				n = uint64(due)
				due -= float64(n)
			}
			a.Counts = append(a.Counts, n)
		}
	}
	return a
}

func TestArrivalsBecomeALoad(t *testing.T) {
	for _, row := range []struct {
		name            string
		a               Arrivals
		shape, arrivals string
		rate            float64
		steps           []float64
	}{
		{"an even rate", counts(false, 200, 200, 200, 200), "constant", "", 200, nil},
		{"a low even rate", counts(false, 3, 3, 3, 3, 3, 3), "constant", "", 3, nil},
		{"random arrivals", counts(true, 200, 200, 200, 200, 200, 200), "constant", "poisson", 200, nil},
		{"a rate that jumps", counts(false, 40, 40, 40, 120, 120, 20, 20), "step", "", 57, []float64{40, 120, 20}},
		{"a pause", counts(false, 40, 40, 40, 0, 0, 40), "step", "", 27, []float64{40, 0.1, 40}},
	} {
		l := row.a.Load()
		if l.Shape != row.shape || l.Arrivals != row.arrivals || float64(l.Rate) < 0.9*row.rate ||
			float64(l.Rate) > 1.1*row.rate || len(l.Steps) != len(row.steps) {
			t.Errorf("%s: %+v", row.name, l)
			continue
		}
		for i, s := range l.Steps {
			if float64(s.Rate) != row.steps[i] {
				t.Errorf("%s: step %d: %v", row.name, i, s.Rate)
			}
		}
	}
}

func TestAnIncidentBecomesAScenario(t *testing.T) {
	seen, err := wholeReport(t).Observed("", 0, "a.hangtime")
	if err != nil {
		t.Fatal(err)
	}
	s, notes, err := seen.Reproduce("again")
	if err != nil {
		t.Fatal(err)
	}
	text, err := scenarios.Write(s, notes)
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "again.yaml", string(text))
}

// What watch saw has neither load nor scenario: the cause is brought about with a built-in scenario's load, on as
// many workers.
func TestWhatWasOnlyWatchedCanBeReproduced(t *testing.T) {
	r := &Report{Now: 60 * time.Second, Variants: []Variant{{Name: "watch", Timeline: Timeline{To: -1, LoadFrom: -1},
		Workers: make([]diagnose.Worker, 3), Incidents: []diagnose.Incident{{
			ID: 1, Kind: diagnose.KindHang, Cause: diagnose.Cause{Kind: diagnose.CauseFileLock,
				Sentence: "blocked in flock"}, Began: 20 * time.Second, Ended: 29 * time.Second,
			Victims: []diagnose.Victim{{Place: 1, From: 20 * time.Second, To: 29 * time.Second}},
		}}}}}
	seen, err := r.Observed("", 0, "watch.hangtime")
	if err != nil {
		t.Fatal(err)
	}
	s, notes, err := seen.Reproduce("again")
	if err != nil {
		t.Fatal(err)
	}
	if s.Load.Rate < 10 || s.Server.Workers != 3 || s.Faults[0].Kind != "hold-lock" || s.Phases.During < 9*time.Second {
		t.Errorf("%+v", s)
	}
	if _, err := scenarios.Write(s, notes); err != nil {
		t.Error(err)
	}
}

// Every cause that a built-in scenario brings about can be reproduced from an incident alone, and what is written is sound.
func TestWhatTheLibraryBringsAboutCanBeReproduced(t *testing.T) {
	for kind, causes := range map[string][]string{
		diagnose.KindHang: {
			diagnose.CauseFileLock, diagnose.CauseMutex, diagnose.CausePipe, diagnose.CauseDisk, diagnose.CauseSocket,
			diagnose.CauseSleeping, diagnose.CauseCPU, diagnose.CausePool,
			diagnose.CauseStopped, diagnose.CauseClient, diagnose.CauseDeadLoop,
		},
		diagnose.KindCrash: {diagnose.CauseMemory, diagnose.CauseKilled, diagnose.CauseExited, diagnose.CauseBootLoop},
	} {
		for _, cause := range scenarios.Causes() {
			seen := Seen{Source: "production", Kind: kind, Cause: cause, Said: "it was so", Lasted: 7 * time.Second,
				Longest: 6 * time.Second, Workers: 3, Load: counts(false, 50, 50, 50).Load()}
			s, notes, err := seen.Reproduce("again")
			if want := slices.Contains(causes, cause); want != (err == nil) {
				t.Errorf("%s, %s: %v; is brought about by a built-in scenario: %v", kind, cause, err, want)
			}
			if err != nil {
				continue
			}
			if _, err := scenarios.Write(s, notes); err != nil {
				t.Errorf("%s, %s: %v", kind, cause, err)
			}
		}
	}
}

func TestWhatIsNotThereIsNotReproduced(t *testing.T) {
	r := wholeReport(t)
	for _, row := range []struct {
		variant string
		number  int
		want    string
	}{
		{"shared", 7, "has no incident 7; variant shared has hang #1 (file-lock)"},
		{"shred", 0, "has no variant shred; variant shared has hang #1 (file-lock)"},
		{"per-pid", 0, "variant shared has hang #1"},
	} {
		if _, err := r.Observed(row.variant, row.number, "a.hangtime"); err == nil ||
			!strings.Contains(err.Error(), row.want) {
			t.Errorf("%s %d: %v; want %q", row.variant, row.number, err, row.want)
		}
	}
	if _, err := told(&script{t: t}).Observed("", 0, "x"); err == nil ||
		!strings.Contains(err.Error(), "nothing to reproduce") {
		t.Errorf("%v", err)
	}
	if _, _, err := (Seen{Kind: diagnose.KindHang, Cause: "unknown"}).Reproduce("x"); err == nil ||
		!strings.Contains(err.Error(), "no built-in scenario") {
		t.Errorf("%v", err)
	}
}
