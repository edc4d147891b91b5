package verdict

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hangtime-dev/hangtime/diagnose"
	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/metrics"
	"github.com/hangtime-dev/hangtime/scenarios"
)

const s = time.Second

// whole is a variant that ran to its end with one fault that took effect and healed, seen by records in this order;
// more are put before its end.
func whole(more ...history.Event) *Fold {
	f := NewFold()
	at := time.Duration(0)
	events := []history.Event{
		history.PhaseStarted{Phase: history.Starting},
		history.WorkerSeen{PID: 11, Worker: 1}, history.WorkerSeen{PID: 12, Worker: 2},
		history.PhaseStarted{Phase: history.Before}, history.Tick{},
		history.PhaseStarted{Phase: history.During},
		history.FaultAsked{ID: "v/1", Fault: "hold-lock"},
	}
	if len(more) == 0 {
		more = []history.Event{history.FaultInEffect{ID: "v/1"}, history.FaultHealed{ID: "v/1", Verified: true}}
	}
	events = append(events, more...)
	events = append(events, history.PhaseStarted{Phase: history.Ending}, history.VariantEnded{})
	for _, ev := range events {
		at += s
		f.Add(history.Record{At: at, Event: ev})
	}
	return f
}

var harmed = []history.Event{history.FaultInEffect{ID: "v/1"}, history.FaultHealed{ID: "v/1", Verified: true}}

func load() metrics.Load {
	return metrics.Load{Counts: metrics.Counts{Due: 1000, OK: 1000},
		ResponseTimes: metrics.ResponseTimes{All: metrics.Quantiles{Count: 1000, P99: 40 * time.Millisecond}}}
}

func lockHang() []diagnose.Incident {
	return []diagnose.Incident{{ID: 1, Kind: diagnose.KindHang, Cause: diagnose.Cause{Kind: diagnose.CauseFileLock},
		Began: 6 * s, Detected: 7 * s, Injected: -1,
		Victims: []diagnose.Victim{{Place: 1, From: 6 * s, To: 8 * s}, {Place: 2, From: 6 * s, To: 9 * s}}}}
}

func plan(checks ...string) scenarios.Scenario {
	p := scenarios.Scenario{Faults: []scenarios.Fault{{Kind: "hold-lock"}}}
	for _, c := range checks {
		p.Checks = append(p.Checks, scenarios.Check{That: c})
	}
	return p
}

func TestTheWorldIsJudgedAgainstWhatWasExpected(t *testing.T) {
	for _, row := range []struct {
		name      string
		expect    scenarios.Expect
		cause     string
		incidents []diagnose.Incident
		want      Outcome
	}{
		{"a hang was expected and came", scenarios.Hang, "file-lock", lockHang(), Pass},
		{"a hang came, with another cause", scenarios.Hang, "sleeping", lockHang(), Fail},
		{"a hang was expected and none came", scenarios.Hang, "", nil, Fail},
		{"a hang is no crash", scenarios.Crash, "", lockHang(), Fail},
		{"health was expected and a hang came", scenarios.Healthy, "", lockHang(), Fail},
		{"health was expected and nothing came", scenarios.Healthy, "", nil, Pass},
		{"nothing was expected", scenarios.Any, "", lockHang(), Pass},
	} {
		got := whole().Variant(scenarios.Variant{Name: "v", Expect: row.expect, Cause: row.cause}, 0, plan(), load(),
			seen{}, row.incidents)
		if got.Outcome != row.want {
			t.Errorf("%s: got %s, want %s: %+v", row.name, got.Outcome, row.want, got.Checks)
		}
	}
}

func TestWhatWasNotSeenIsUnknown(t *testing.T) {
	healthy := scenarios.Variant{Name: "v", Expect: scenarios.Healthy}
	for _, row := range []struct {
		name string
		fold *Fold
		load metrics.Load
		why  string
	}{
		{"the fault never took effect", whole(history.Tick{}), load(), "never seen in effect"},
		{"the fault failed", whole(history.FaultFailed{ID: "v/1", Reason: "no such file"}), load(), "no such file"},
		{"the fault may still be there", whole(history.FaultInEffect{ID: "v/1"}, history.FaultHealed{ID: "v/1"}),
			load(), "not seen to"},
		{"hangtime was starved", whole(append(harmed, history.Tick{Late: 4 * s})...), load(), "too busy to judge"},
		{"events were left out", whole(append(harmed,
			history.Trouble{Component: "history", Text: "7 events were left out"})...), load(), "7 events"},
		{"a person injected a fault", whole(append(harmed,
			history.FaultAsked{ID: "v/hand1/1", Fault: "kill", By: "person"},
			history.FaultInEffect{ID: "v/hand1/1"})...), load(), "a person injected kill"},
		{"a person changed the rate", whole(append(harmed, history.RateChanged{Rate: 50})...), load(), "changed the load"},
		{"nothing was sent", whole(), metrics.Load{}, "no request"},
		{"it is not over", NewFold(), load(), "still running"},
	} {
		got := row.fold.Variant(healthy, 0, plan(), row.load, seen{}, nil)
		if got.Outcome != Unknown || !strings.Contains(got.Checks[0].Why, row.why) {
			t.Errorf("%s: got %s because %q, want unknown because of %q", row.name, got.Outcome, got.Checks[0].Why, row.why)
		}
	}
}

// That something was read in another way, by which nothing was lost, is told and voids nothing.
func TestAHarmlessTroubleIsANoteAndNoDoubt(t *testing.T) {
	slower := history.Trouble{Component: "probe",
		Text: "read by BPF iterator: too old a kernel (/proc is read instead)", Weight: history.Harmless}
	got := whole(append(harmed, slower)...).Variant(scenarios.Variant{Name: "v", Expect: scenarios.Healthy}, 0, plan(),
		load(), seen{}, nil)
	if got.Outcome != Pass || !slices.Contains(got.Notes, slower.Text) {
		t.Errorf("%s, notes %q: %+v", got.Outcome, got.Notes, got.Checks)
	}
}

// A figure that is computed under a name that no row has would be shown nowhere, and its row would stay unknown for ever.
func TestEachFigureIsARowAndEachRowAFigure(t *testing.T) {
	l := load()
	l.Tasks, l.TookSum = history.Ledger{Accepted: 1, Done: 1}, s
	l.Recoveries = []metrics.Recovery{{Took: s}}
	f := whole(history.TaskLog{Lines: 1, Ended: 1})
	rows := map[string]bool{}
	for _, def := range scenarios.Figures() {
		rows[def.Name] = true
	}
	computed := measures(f, l, lockHang())
	for name := range computed {
		if !rows[name] {
			t.Errorf("%s is computed and is no row of scenarios.Figures", name)
		}
	}
	for name := range rows {
		if _, ok := computed[name]; !ok {
			t.Errorf("%s is a row and is not computed", name)
		}
	}
}

func TestAPlaceThatHungTwiceIsOneHungWorker(t *testing.T) {
	again := append(lockHang(), lockHang()...)
	again[1].Victims = []diagnose.Victim{{Place: 2, From: 12 * s, To: 13 * s}, {Place: 3, From: 12 * s, To: 13 * s}}
	dead := diagnose.Incident{Kind: diagnose.KindCrash, Victims: []diagnose.Victim{{Place: 4, From: 14 * s, To: -1}}}
	for _, row := range []struct {
		incidents []diagnose.Incident
		want      float64
	}{{nil, 0}, {lockHang(), 2}, {append(again, dead), 3}} {
		if got := byName(figuresOf(whole(), load(), row.incidents))["hung_workers"]; !got.Known || got.Value != row.want {
			t.Errorf("after %s: %+v, want %v", summary(row.incidents), got, row.want)
		}
	}
}

func TestChecksOverFigures(t *testing.T) {
	anything := scenarios.Variant{Name: "v", Expect: scenarios.Any}
	lasting := load()
	lasting.Recoveries = []metrics.Recovery{{Took: 4 * s, AtLeast: true}}
	few := load()
	few.All.Count = 20
	scarce := load()
	scarce.All.Count = 19
	for _, row := range []struct {
		check string
		load  metrics.Load
		want  Outcome
	}{
		{"p99 < 50", load(), Pass},
		{"p99 < 30", load(), Fail},
		{"p99 < 50", few, Unknown},
		{"p95 < 50", few, Pass},
		{"p95 < 50", scarce, Unknown},
		{"p50 < 50", scarce, Pass},
		{"tasks_lost == 0", load(), Unknown},
		{"recovery < 3000", lasting, Fail},
		{"recovery < 9000", lasting, Unknown},
		{"recovery > 1000", lasting, Pass},
		{"recovery == 9000", lasting, Unknown},
		{"recovery == 3000", lasting, Fail},
		{"recovery != 9*s", lasting, Unknown},
		{"recovery > 10*s and recovery < 20*s", lasting, Unknown},
		{"recovery > 10000 and recovery < 10000", lasting, Fail},
		{"recovery - recovery_p50 < 5", lasting, Unknown},
		{"longest_stall == 3000 and hangs == 1 and detection == 1000", load(), Pass},
	} {
		got := whole().Variant(anything, 0, plan(row.check), row.load, seen{}, lockHang()).Checks[1]
		if got.Outcome != row.want {
			t.Errorf("%s: got %s (%s; %s), want %s", row.check, got.Outcome, got.Got, got.Why, row.want)
		}
	}
}

// The run's tick and the probe's tell the same stall: it counts once, as long as both together reach.
func TestAStallThatIsToldTwiceCountsOnce(t *testing.T) {
	f := NewFold()
	add := func(at time.Duration, ev history.Event) { f.Add(history.Record{At: at, Event: ev}) }
	add(0, history.PhaseStarted{Phase: history.Before})
	add(5*s, history.Tick{Late: 300 * time.Millisecond})
	add(5*s+50*time.Millisecond, history.Tick{Late: 300 * time.Millisecond})
	add(9*s, history.Tick{})
	if want := 350 * time.Millisecond; f.late.total != want || len(f.blind()) > 0 {
		t.Errorf("late for %v; want %v: %q", f.late.total, want, f.blind())
	}
	add(9*s+500*time.Millisecond, history.Tick{Late: 400 * time.Millisecond})
	if len(f.blind()) != 1 {
		t.Errorf("late for %v of 9.5 s: %q", f.late.total, f.blind())
	}
}

func TestDeathsAreCountedOnlyUnderLoad(t *testing.T) {
	f := whole(append(harmed,
		history.WorkerGone{PID: 11, Worker: 1, Signal: "SIGKILL"}, history.WorkerSeen{PID: 21, Worker: 1},
		history.WorkerGone{PID: 12, Worker: 2, Signal: "SIGKILL"})...)
	f.Add(history.Record{At: 60 * s, Event: history.WorkerGone{PID: 21, Worker: 1}}) // the end of the run
	got := f.Variant(scenarios.Variant{Expect: scenarios.Any}, 0,
		plan("deaths == 2 and missing == 1 and replacement == 1000"), load(), seen{}, nil)
	if got.Outcome != Pass {
		t.Errorf("%+v", got.Checks[1])
	}
}

func TestARunIsAsGoodAsItsWorstVariant(t *testing.T) {
	pass, fail, unknown := Variant{Outcome: Pass}, Variant{Outcome: Fail}, Variant{Outcome: Unknown}
	for _, row := range []struct {
		variants []Variant
		planned  int
		over     bool
		want     Outcome
	}{
		{[]Variant{pass, pass}, 2, true, Pass},
		{[]Variant{pass, unknown}, 2, true, Unknown},
		{[]Variant{unknown, fail}, 2, true, Fail},
		{[]Variant{pass}, 2, true, Unknown},
		{[]Variant{pass, pass}, 2, false, Unknown},
	} {
		if got := Of(row.variants, row.planned, row.over, ""); got.Outcome != row.want {
			t.Errorf("%+v: got %s", row, got.Outcome)
		}
	}
}

func TestFiguresAreWrittenForPeople(t *testing.T) {
	for _, row := range []struct {
		n    number
		unit string
		want string
	}{
		{count(uint64(1234567)), "", "1,234,567"},
		{count(999), "", "999"},
		{number{value: 0.5, known: true}, "", "0.5"},
		{number{value: 1234.5, known: true}, "", "1,234.5"},
		{millis(3900 * time.Microsecond), "ms", "3.9 ms"},
		{millis(7912 * time.Millisecond), "ms", "7.91 s"},
		{number{value: 8000, known: true, atLeast: true}, "ms", "> 8.00 s"},
		{share(1, 3), "share", "33.33 %"},
		{share(0, 0), "share", "-"},
	} {
		if got := textOf(row.n, row.unit); got != row.want {
			t.Errorf("%+v: got %q, want %q", row.n, got, row.want)
		}
	}
}

// Where nothing answered before the fault, nothing was measured that could be judged, save where an incident says why.
func TestAServerThatNeverAnsweredIsNoPass(t *testing.T) {
	silent := load()
	silent.OK, silent.Failed = 0, 1000
	silent.Phases = map[string]metrics.Quantiles{history.Before: {Count: 300}}
	answered := silent
	answered.Answered = map[string]uint64{history.Before: 1} // with a status that is not ok
	blamed := lockHang()
	blamed[0].Fault = "v/1"
	for _, row := range []struct {
		what      string
		load      metrics.Load
		incidents []diagnose.Incident
		want      Outcome
	}{
		{"nothing answered", silent, nil, Unknown},
		{"one request was answered", answered, nil, Pass},
		{"a hang that no fault brought about says why", silent, lockHang(), Pass},
		{"a hang that the fault brought about does not", silent, blamed, Unknown},
	} {
		v := scenarios.Variant{Name: "v", Expect: scenarios.Any}
		got := whole(harmed...).Variant(v, 0, plan(), row.load, seen{}, row.incidents)
		if got.Outcome != row.want {
			t.Errorf("%s: %s (%v), want %s", row.what, got.Outcome, got.Checks, row.want)
		}
	}
}

// A server whose workers die by themselves is not healthy, although the run was cut short before anything could be asked.
func TestAServerThatDiesByItselfIsNotHealthy(t *testing.T) {
	dies := []diagnose.Incident{{Kind: diagnose.KindCrash, Victims: []diagnose.Victim{{Place: 1, From: 1 * s, To: -1}}}}
	killed := []diagnose.Incident{dies[0]}
	killed[0].Fault = "kill-worker"
	for name, row := range map[string]struct {
		expect    scenarios.Expect
		incidents []diagnose.Incident
		byHand    string
		want      Outcome
	}{
		"by itself":                 {scenarios.Healthy, dies, "", Fail},
		"by a fault":                {scenarios.Healthy, killed, "", Unknown},
		"by hand":                   {scenarios.Healthy, dies, "somebody killed worker 1", Unknown},
		"a crash is what was meant": {scenarios.Crash, dies, "", Unknown},
		"nothing died":              {scenarios.Healthy, nil, "", Unknown},
	} {
		f := whole()
		f.reason, f.byHand = "gunicorn ended before it could accept connections", row.byHand
		got := f.Variant(scenarios.Variant{Name: "v", Expect: row.expect}, 0, plan(), load(), seen{}, row.incidents)
		if got.Checks[0].Outcome != row.want {
			t.Errorf("%s: %+v, want %s", name, got.Checks[0], row.want)
		}
	}
}
