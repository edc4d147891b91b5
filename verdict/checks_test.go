package verdict

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/metrics"
	"github.com/hangtime-dev/hangtime/scenarios"
)

// seen is nothing beside the figures.
type seen struct{}

func (seen) Slice(string, string) metrics.Slice { return metrics.Slice{} }
func (seen) AchievedIn(string) (float64, bool)  { return 0, false }
func (seen) Broken() int                        { return 0 }

// hits are a real fold: 100 fast ones of each tag before, 100 during of which those tagged slow took 2 s and half of
// the others failed.
func hits(t *testing.T) *metrics.Fold {
	t.Helper()
	f := metrics.New()
	add := func(at time.Duration, ev history.Event) { f.Add(history.Record{At: at, Event: ev}) }
	add(0, history.PhaseStarted{Phase: history.Before})
	add(s, history.LoadWindow{From: 0, To: s, Due: 200, Sent: 200})
	add(s, history.HitWindow{Tag: "slow", Due: 0, Width: s, OK: 100, Response: encoded(t, 100, 4*time.Millisecond)})
	add(s, history.HitWindow{Tag: "fast", Due: 0, Width: s, OK: 100, Response: encoded(t, 100, 4*time.Millisecond)})
	add(s, history.PhaseStarted{Phase: history.During})
	add(2*s, history.LoadWindow{From: s, To: 2 * s, Due: 200, Sent: 200})
	add(2*s, history.HitWindow{Tag: "fast", Due: s, Width: s, OK: 50, Errors: map[string]uint64{history.ErrReset: 50},
		Response: encoded(t, 50, 4*time.Millisecond), Failed: encoded(t, 50, 9*time.Millisecond)})
	add(3*s, history.PhaseStarted{Phase: history.After})
	add(4*s, history.HitWindow{Tag: "slow", Due: s, Width: s, OK: 100, Response: encoded(t, 100, 2*s)})
	return f
}

func encoded(t *testing.T, n int64, took time.Duration) string {
	t.Helper()
	h := hdrhistogram.New(1, int64(time.Hour/time.Microsecond), 3)
	if err := h.RecordValues(took.Microseconds(), n); err != nil {
		t.Fatal(err)
	}
	text, err := h.Encode(hdrhistogram.V2CompressedEncodingCookieBase)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestChecksAskByPhaseTagAndCause(t *testing.T) {
	f := hits(t)
	for _, row := range []struct {
		that string
		want Outcome
	}{
		{`p(99, during, "slow") >= 2*s`, Pass},
		{`p(99, during, "slow") < 2*s - 1`, Fail},
		{`p(50, before, "slow") < 5`, Pass},
		{`p(100, "fast") < 10`, Pass},
		{"p(99, during)<500", Fail},
		{"p(99, after) < 500", Unknown}, // no hit was due then
		{"p(99.9) < 5000", Unknown},     // 400 hits are not enough for it
		{"p(25, before) < 5", Pass},     // of 200
		{`error_rate("fast") > 0.24 and error_rate(during, "fast") == 0.5`, Pass},
		{"error_rate(after) == 0", Unknown},
		{"achieved_in(during) == 0.25", Pass}, // 50 of 200 in time; the slow ones came later
		{"achieved_in(after) > 0", Unknown},   // nothing was due
		{`incidents_of("file-lock") == 1`, Pass},
		{`incidents_of("sleeping") > 0`, Fail},
	} {
		got := whole().Variant(scenarios.Variant{Expect: scenarios.Any}, 0, plan(row.that), load(), f, lockHang()).Checks[1]
		if got.Outcome != row.want {
			t.Errorf("%s: got %s, want %s: %s %s", row.that, got.Outcome, row.want, got.Got, got.Why)
		}
	}
}

func TestMemoryLogsAndWhatIsLeft(t *testing.T) {
	f := NewFold()
	add := func(at time.Duration, ev history.Event) { f.Add(history.Record{At: at, Event: ev}) }
	add(0, history.PhaseStarted{Phase: history.Before})
	for i := range 50 {
		at := time.Duration(i) * 100 * time.Millisecond
		add(at, history.WorkerSample{PID: 11, Usage: history.Usage{RSS: 10<<20 + uint64(i)<<16}})
		add(at, history.WorkerSample{PID: 12, Usage: history.Usage{RSS: 10 << 20}})
	}
	add(4*s, history.WorkerSample{PID: 13, Usage: history.Usage{RSS: 90 << 20}}) // it did not live long enough to say
	add(5*s, history.PhaseStarted{Phase: history.Ending})
	add(6*s, history.ServerStopped{Left: []int{12}})
	add(6*s, history.TaskLog{Files: 2, Lines: 400, Torn: 3, Started: 100, Ended: 98, Duplicated: 1})
	add(7*s, history.VariantEnded{})
	l := load()
	l.Tasks = history.Ledger{Accepted: 100, Done: 100}
	got := f.Variant(scenarios.Variant{Expect: scenarios.Any}, 0, scenarios.Scenario{Checks: []scenarios.Check{
		{That: "leaked == 1"}, {That: "log_torn == 3 and log_missing == 2 and tasks_duplicated == 1 and log_lines == 400"}, {That: "memory_growth == 39*64*KiB"},
	}}, l, seen{}, nil)
	for _, c := range got.Checks {
		if c.Outcome != Pass {
			t.Errorf("%s: %s %s", c.Name, c.Got, c.Why)
		}
	}
	if got := NewFold().Variant(scenarios.Variant{}, 0, plan("log_torn == 0 and leaked == 0 and memory_growth < 1"),
		load(), seen{}, nil).Checks[1]; got.Outcome != Unknown {
		t.Errorf("nothing was seen: %+v", got)
	}
}

func TestRecoveryHasAMedian(t *testing.T) {
	l := load()
	l.Recoveries = []metrics.Recovery{{Took: 3 * s}, {Took: 1 * s}, {Took: 100 * time.Millisecond, AtLeast: true}}
	got := whole().Variant(scenarios.Variant{Expect: scenarios.Any}, 0,
		plan("recovery_p50 == 3000", "recovery >= 3000", "recovery < 4000"), l, seen{}, nil).Checks
	for i, want := range []Outcome{Pass, Pass, Unknown} {
		if got[i+1].Outcome != want {
			t.Errorf("%+v; want %s", got[i+1], want)
		}
	}
}

// A pool of which one worker stands still may answer as before: it has recovered when the worker has.
func TestRecoveryIsThatOfTheWorkersToo(t *testing.T) {
	l := load()
	l.Recoveries = []metrics.Recovery{{Fault: "v/1", Heal: 6 * s}}
	hang := lockHang()
	hang[0].Fault, hang[0].Recovered = "v/1", 9*s
	for want, recovered := range map[string]time.Duration{"recovery == 3000": 9 * s, "recovery >= 3000": -1} {
		hang[0].Recovered = recovered
		if got := whole().Variant(scenarios.Variant{Expect: scenarios.Any}, 0, plan(want), l, seen{},
			hang).Checks[1]; got.Outcome != Pass {
			t.Errorf("%s: %+v", want, got)
		}
	}
}

// The check that ended a run is its failure; the others are unknown, for they were cut short.
func TestAnAbortingCheckFails(t *testing.T) {
	f := whole(append(slices.Clone(harmed), history.Aborted{Key: "checks[0]", Check: "failed == 1"})...)
	f.Add(history.Record{At: 20 * s, Event: history.VariantEnded{Reason: "the check failed == 1 did not hold"}})
	got := f.Variant(scenarios.Variant{Expect: scenarios.Any}, 0, plan("failed == 1", "ok == 1000"), load(), seen{}, nil)
	if got.Outcome != Fail || got.Checks[1].Outcome != Fail || got.Checks[2].Outcome != Unknown ||
		got.Checks[0].Outcome != Unknown {
		t.Errorf("%+v", got)
	}
}

func TestTheGeneratorSaysWhenItWasTheLimit(t *testing.T) {
	if got := loadNotes(metrics.Load{Generator: metrics.Generator{Exhausted: 50 * time.Millisecond}}); got != nil {
		t.Errorf("nothing was the matter: %q", got)
	}
	f := metrics.New()
	for _, ev := range []history.Event{
		history.LoadStarted{Senders: 1024}, history.LoadWindow{From: 0, To: 3200 * time.Millisecond, InFlight: 1024,
			Waiting: 7},
		history.GeneratorBound{Text: "it was so for a second"},
		history.GeneratorBound{Text: "the load generator itself is the bottleneck", Final: true},
	} {
		f.Add(history.Record{At: s, Event: ev})
	}
	got := strings.Join(loadNotes(f.Load(s)), "\n")
	for _, want := range []string{"all 1,024 senders were in use for 3.20 s",
		"the load generator itself is the bottleneck; response times include that"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not in %q", want, got)
		}
	}
}

// Checks know the causes that diagnosis can name.
func TestScenariosKnowEveryCause(t *testing.T) {
	files, err := filepath.Glob("../diagnose/*.go")
	if err != nil || len(files) == 0 {
		t.Fatal(err)
	}
	var named []string
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`(?m)^\tCause[A-Z]\w* += "([a-z-]+)"`).FindAllSubmatch(text, -1) {
			named = append(named, string(m[1]))
		}
	}
	known := scenarios.Causes()
	slices.Sort(named)
	slices.Sort(known)
	if !slices.Equal(named, known) {
		t.Errorf("diagnose names %v, scenarios know %v", named, known)
	}
}
