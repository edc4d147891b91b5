package report

import (
	"cmp"
	_ "embed"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/hangtime-dev/hangtime/diagnose"
	"github.com/hangtime-dev/hangtime/history"
)

const (
	ms10 = 100 * time.Millisecond // the width of a window
	s    = time.Second
)

//go:embed testdata/scenario.yaml
var scenarioText string

// A script is a literal history; one that a test wants to end differently is cut or added to.
type script struct {
	t       testing.TB
	records []history.Record
	from    time.Duration // of the variant that is being written
	encoded map[time.Duration]string
}

// at records events at a moment of the variant.
func (h *script) at(at time.Duration, events ...history.Event) {
	for _, ev := range events {
		h.records = append(h.records, history.Record{Seq: uint64(len(h.records) + 1), At: h.from + at, Event: ev})
	}
}

func (h *script) header() {
	h.at(0, history.Header{
		Format: history.Format, Tool: "v1.2.3", Scenario: "log-contention", Text: scenarioText, Seed: 7,
		Host: "build-7", Kernel: "6.18.44", Cores: 2,
		Started: time.Date(2026, 11, 25, 10, 0, 0, 0, time.UTC),
	})
}

// load sends 200 hits a second from one moment of the variant to another; took says how long a hit takes that is due
// then. It is recorded when it ended.
func (h *script) load(from, to time.Duration, took func(due time.Duration) time.Duration) {
	for due := from; due < to; due += ms10 {
		h.at(due+ms10, history.LoadWindow{From: h.from + due, To: h.from + due + ms10, Due: 20, Sent: 20})
		h.at(due+max(ms10, took(due)), h.hits(due, 20, took(due)))
		h.at(due+ms10+time.Millisecond, history.Tick{})
	}
}

func (h *script) hits(due time.Duration, n int64, took time.Duration) history.HitWindow {
	return history.HitWindow{Due: h.from + due, Width: ms10, OK: uint64(n), Status: map[string]uint64{"202": uint64(n)},
		Response: h.histogram(n, took)}
}

func (h *script) histogram(n int64, took time.Duration) string {
	if text, ok := h.encoded[took]; ok && n == 20 {
		return text
	}
	hist := hdrhistogram.New(1, int64(time.Hour/time.Microsecond), 3)
	if err := hist.RecordValues(took.Microseconds(), n); err != nil {
		h.t.Fatal(err)
	}
	text, err := hist.Encode(hdrhistogram.V2CompressedEncodingCookieBase)
	if err != nil {
		h.t.Fatal(err)
	}
	if h.encoded == nil {
		h.encoded = map[time.Duration]string{}
	}
	if n == 20 {
		h.encoded[took] = string(text)
	}
	return string(text)
}

func quick(time.Duration) time.Duration { return 4 * time.Millisecond }

// begin is a variant up to the moment at which its fault has taken effect, 2.5 s after its beginning.
func (h *script) begin(name, expect string, index int) {
	if index > 0 {
		h.from += 8700 * time.Millisecond
	}
	h.at(0, history.VariantStarted{Name: name, Expect: expect, Index: index, Of: 2, Planned: 8 * s},
		history.PhaseStarted{Phase: history.Starting})
	h.at(400*time.Millisecond, history.ServerStarted{Server: "reference", PID: 100 + 100*index,
		Address: "127.0.0.1:40001", Timeout: 2 * s})
	for w := 1; w <= 2; w++ {
		h.at(400*time.Millisecond, history.WorkerSeen{PID: 100 + 100*index + w, Worker: w, Start: uint64(w),
			Name: "hangtime: worker"})
	}
	h.at(500*time.Millisecond, history.PhaseStarted{Phase: history.Before, Planned: 2 * s},
		history.LoadStarted{Engine: "fast", Pattern: "200/s constant", URL: "http://127.0.0.1:40001"})
	h.load(500*time.Millisecond, 2500*time.Millisecond, quick)
	h.at(2500*time.Millisecond, history.PhaseStarted{Phase: history.During, Planned: 3 * s},
		history.FaultAsked{ID: name + "/1", Fault: "hold-lock", Target: "async_tasks.log",
			Path: "/tmp/run/async_tasks.log", For: 3 * s, By: "scenario"},
		history.FaultInEffect{ID: name + "/1", PID: 900})
}

func (h *script) end(name string, ledger history.Ledger) {
	ledger.Final = true
	h.at(8500*time.Millisecond, history.PhaseStarted{Phase: history.Ending}, ledger)
	h.at(8700*time.Millisecond, history.ServerStopped{}, history.VariantEnded{Name: name})
}

// shared is the variant in which the lock stops both workers; the arbiter ends one of them, which costs four requests
// and four tasks.
func (h *script) shared() {
	h.begin("shared", "hang", 0)
	heal := 5500 * time.Millisecond
	h.load(2500*time.Millisecond, 8500*time.Millisecond,
		func(due time.Duration) time.Duration { return max(heal-due, 4*time.Millisecond) })
	h.at(4600*time.Millisecond,
		history.HitWindow{Due: h.from + 2500*time.Millisecond, Width: ms10,
			Errors: map[string]uint64{history.ErrReset: 4}, Failed: h.histogram(4, 2100*time.Millisecond)})
	h.at(4600*time.Millisecond,
		history.ServerSaid{Event: "worker-timeout", Worker: 1, PID: 101},
		history.WorkerGone{PID: 101, Worker: 1, Signal: "SIGABRT", By: "arbiter"})
	h.at(4750*time.Millisecond, history.WorkerSeen{PID: 111, Worker: 1, Start: 9, Name: "hangtime: worker"})
	h.at(heal, history.FaultHealed{ID: "shared/1", Why: "its time was over", Verified: true},
		history.PhaseStarted{Phase: history.After, Planned: 3 * s})
	h.end("shared", history.Ledger{Accepted: 1600, Done: 1596, Lost: 4})
}

// perPID is the variant in which the same lock is held and nobody waits.
func (h *script) perPID() {
	h.begin("per-pid", "healthy", 1)
	h.load(2500*time.Millisecond, 8500*time.Millisecond, quick)
	h.endPerPID()
}

func (h *script) endPerPID() {
	h.at(5500*time.Millisecond, history.FaultHealed{ID: "per-pid/1", Why: "its time was over", Verified: true},
		history.PhaseStarted{Phase: history.After, Planned: 3 * s})
	h.end("per-pid", history.Ledger{Accepted: 1600, Done: 1600})
	h.at(8700*time.Millisecond, history.RunEnded{})
	h.sorted()
}

// sorted puts the history in the order of its times and numbers it.
func (h *script) sorted() {
	slices.SortStableFunc(h.records, func(a, b history.Record) int { return cmp.Compare(a.At, b.At) })
	for i := range h.records {
		h.records[i].Seq = uint64(i + 1)
	}
}

// wholeRun is a run of both variants, as the scenario says.
func wholeRun(t testing.TB) *script {
	h := &script{t: t}
	h.header()
	h.shared()
	h.perPID()
	return h
}

// A said diagnosis is what a test says: the report's forms are tested apart from the reasons that diagnose finds.
type said struct {
	now     time.Duration
	variant string
	from    time.Duration
}

func (d *said) Add(r history.Record) {
	d.now = r.At
	if ev, ok := r.Event.(history.VariantStarted); ok {
		d.variant, d.from = ev.Name, r.At
	}
}

func (d *said) Workers() []diagnose.Worker {
	var all []diagnose.Worker
	for place := 1; place <= 2; place++ {
		w := diagnose.Worker{
			Identity:  diagnose.Identity{Place: place, PID: 100 + place, Lives: 1},
			Condition: diagnose.Condition{State: diagnose.Idle}, Snapshot: diagnose.Snapshot{Beat: -1},
		}
		if d.hanging() {
			w.State, w.Since, w.Cause = diagnose.Hung, d.from+2600*time.Millisecond, &lockCause
		}
		for at := d.from; at < d.now; at += diagnose.LaneStep {
			state := diagnose.Busy
			if d.variant == "shared" && at > d.from+3600*time.Millisecond && at < d.from+5500*time.Millisecond {
				state = diagnose.Hung
			}
			w.Lane = append(w.Lane, state)
		}
		all = append(all, w)
	}
	return all
}

func (d *said) hanging() bool {
	return d.variant == "shared" && d.now >= d.from+3600*time.Millisecond && d.now < d.from+5500*time.Millisecond
}

var lockCause = diagnose.Cause{
	Kind: diagnose.CauseFileLock, Confidence: diagnose.Proven, Short: "flock async_tasks.log ← pid 900",
	Sentence: "blocked in flock on /tmp/run/async_tasks.log, held by pid 900 (hangtime hold-lock)",
	Remedy:   "give each worker its own log file (practice 1)",
	Path:     "/tmp/run/async_tasks.log", Inode: 4711,
	Holders: []history.LockHolder{{PID: 900, Command: "hangtime hold-lock", Creator: true}}, Evidence: []uint64{61, 62},
}

func (d *said) Incidents() []diagnose.Incident {
	at := func(ms int) time.Duration { return d.from + time.Duration(ms)*time.Millisecond }
	if d.variant != "shared" || d.now < at(3600) {
		return nil
	}
	in := diagnose.Incident{
		ID: 1, Kind: diagnose.KindHang, Cause: lockCause, Fault: "shared/1", Injected: at(2500), Symptom: at(2800),
		Began: at(2600), Detected: at(3600), Ended: -1, Recovered: -1,
		Victims: []diagnose.Victim{{Place: 1, PID: 101, From: at(2600), To: -1},
			{Place: 2, PID: 102, From: at(2610), To: -1}},
	}
	if d.now >= at(4600) {
		in.Victims[0].To, in.Victims[0].End = at(4600), "SIGABRT by arbiter"
	}
	if d.now >= at(5500) {
		in.Victims[1].To, in.Victims[1].End = at(5500), "recovered"
		in.Ended, in.Recovered = at(5500), at(5600)
	}
	return []diagnose.Incident{in}
}

func (d *said) Notices() []diagnose.Notice {
	from := d.from + 4*s
	if d.variant != "shared" || d.now < from {
		return nil
	}
	return []diagnose.Notice{{From: from, To: from + s, Seen: 2, Cause: diagnose.Cause{
		Kind: diagnose.CauseBacklog, Confidence: diagnose.Likely, Short: "12 connections dropped", Evidence: []uint64{63},
		Sentence: "the kernel dropped 12 connections because no worker accepted them in time and the backlog was full (128 of 128)", Remedy: "find why no worker accepts (practice 5)",
	}}}
}

// told folds a history into a report, with what the diagnosis says given by said.
func told(h *script) *Report {
	b := NewBuilder()
	b.explain = func() explainer { return &said{} }
	for _, r := range h.records {
		b.Add(r)
	}
	return b.Report()
}

// filmed is told, by one who watched the run go: its page can be played.
func filmed(t testing.TB, h *script) *Report {
	live := NewLive(nil)
	live.builder.explain = func() explainer { return &said{} }
	if err := live.Sink(h.records); err != nil {
		t.Fatal(err)
	}
	return live.Last()
}

// folded keeps the report of wholeRun: folding takes a second under the race detector, so it is done once.
var folded struct {
	sync.Once
	report *Report
}

// wholeReport is the report of wholeRun, for a test to change as it likes.
func wholeReport(t testing.TB) *Report {
	folded.Do(func() { folded.report = filmed(t, wholeRun(t)) })
	r := *folded.report
	r.Variants = slices.Clone(r.Variants)
	for i := range r.Variants {
		v := &r.Variants[i]
		v.Phases, v.Faults, v.Story, v.Workers = slices.Clone(v.Phases), slices.Clone(v.Faults), slices.Clone(v.Story),
			slices.Clone(v.Workers)
		v.Load.Series.Points = slices.Clone(v.Load.Series.Points)
		v.Incidents = slices.Clone(v.Incidents)
		for j := range v.Incidents {
			v.Incidents[j].Victims = slices.Clone(v.Incidents[j].Victims)
		}
	}
	return &r
}
