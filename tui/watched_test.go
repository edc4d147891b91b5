package tui

import (
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"

	"github.com/hangtime-dev/hangtime/diagnose"
	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/report"
)

// watchedReport is what a watch of six workers says, of which two wait for a row that a third has locked.
func watchedReport() *report.Report {
	const now = 95 * second
	waits := func(place, pid int) diagnose.Worker {
		w := watchedWorker(place, pid, diagnose.Hung, 83*second, 12*second)
		w.Requests = []string{"GET /pay, 12.0 s"}
		w.Cause = &diagnose.Cause{Kind: diagnose.CauseDatabase, Confidence: diagnose.Proven,
			Short:    "a row of account ← session 790, idle in transaction",
			Sentence: "its main thread is in poll and waits for an answer of a server at 127.0.0.1:5432; in PostgreSQL at 127.0.0.1:5432 its session 812 waits 12.0 s for a row of account; session 790 holds it, or asked for it first",
			Where:    "take (/srv/shop/rows.py:24)", Request: "GET /pay",
			Graph: diagnose.Graph{
				Nodes: []diagnose.Node{{Kind: diagnose.NodeRequest, Label: "GET /pay"},
					{Kind: diagnose.NodeThread, Label: "worker 2 (pid 412), its main thread", At: "take (/srv/shop/rows.py:24)"},
					{Kind: diagnose.NodeSession, Label: "session 812 of PostgreSQL at 127.0.0.1:5432", At: "update account set balance = balance - ? where id = ?"},
					{Kind: diagnose.NodeSession, Label: "session 790 of PostgreSQL at 127.0.0.1:5432, idle in transaction 31.0 s"},
					{Kind: diagnose.NodeProcess, Label: "worker 1 (pid 411)", At: "report (/srv/shop/rows.py:31)"}},
				Edges: []diagnose.Edge{{From: 0, To: 1, Label: "is in"}, {From: 1, To: 2, Label: "waits for an answer of"},
					{From: 2, To: 3, Label: "waits 12.0 s for a row of account of"}, {From: 3, To: 4, Label: "is a connection of"}},
			}}
		return w
	}
	slow := watchedWorker(1, 411, diagnose.Busy, 64*second, 31*second)
	slow.Label, slow.Requests = diagnose.Slow, []string{"GET /report, 31.0 s"}
	slow.Cause = &diagnose.Cause{Kind: diagnose.CauseSleeping, Short: "blocking sleep", Where: "report (/srv/shop/rows.py:31)", Request: "GET /report"}
	busy := watchedWorker(4, 414, diagnose.Busy, 94*second, 40*time.Millisecond)
	first := waits(2, 412)
	return &report.Report{
		Header: history.Header{Scenario: "watch"}, Now: now, Planned: 1,
		Variants: []report.Variant{{
			Name: "watch", Expect: "any", Server: history.ServerStarted{Server: "attach", PID: 401, Address: "127.0.0.1:8000"},
			Timeline: report.Timeline{To: -1, Phase: history.Before},
			Workers: []diagnose.Worker{slow, first, waits(3, 413), busy, watchedWorker(5, 415, diagnose.Idle, 40*second, 0),
				watchedWorker(6, 416, diagnose.Idle, 22*second, 0)},
			Incidents: []diagnose.Incident{{ID: 1, Kind: diagnose.KindHang, Cause: *first.Cause, Injected: -1, Symptom: 83200 * time.Millisecond,
				Began: 83 * second, Detected: 84100 * time.Millisecond, Ended: -1, Recovered: -1, Cost: diagnose.Cost{Inside: 2},
				Victims: []diagnose.Victim{{Place: 2, PID: 412, From: 83 * second, To: -1}, {Place: 3, PID: 413, From: 83 * second, To: -1}}}},
			Story: []report.Line{
				{At: 83200 * time.Millisecond, Kind: report.LineSuspect, Text: "worker 2 (pid 412): work present, no progress"},
				{At: 84100 * time.Millisecond, Kind: report.LineHang, Text: "#1: worker 2 (pid 412) and worker 3 (pid 413) wait for a row of account"},
			},
		}},
	}
}

func watchedWorker(place, pid int, state diagnose.State, since, oldest time.Duration) diagnose.Worker {
	w := diagnose.Worker{Identity: diagnose.Identity{Place: place, PID: pid, Lives: 1}, Condition: diagnose.Condition{State: state, Since: since}}
	if oldest > 0 {
		w.Inside, w.Oldest = 1, oldest
	}
	w.RSS, w.CPU = 31<<20, 0.012
	return w
}

// TestAWatchSpeaksOfNoExperiment: who watches a server has sent nothing and broken nothing.
func TestAWatchSpeaksOfNoExperiment(t *testing.T) {
	r := watchedReport()
	calm := watchedReport()
	calm.Variants[0].Incidents, calm.Variants[0].Workers = nil, calm.Variants[0].Workers[3:]
	for name, one := range map[string]*report.Report{"hang": r, "calm": calm} {
		for _, w := range []int{80, 120, 200} {
			text := ansi.Strip(modelOf(one, w, 35).frame())
			for _, word := range []string{"fault", "expect", "due", "answered", "p99", "00:00/"} {
				if strings.Contains(text, word) {
					t.Errorf("%s, %d wide: says %q:\n%s", name, w, word, text)
				}
			}
		}
	}
	wide := ansi.Strip(modelOf(r, 200, 35).frame())
	for _, want := range []string{"watch  pid 401 at 127.0.0.1:8000", "01:35", "GET /pay", "take (rows.py:24)", "report (rows.py:31)",
		"a row of account ← session 790, idle in transaction"} {
		if !strings.Contains(wide, want) {
			t.Errorf("does not say %q:\n%s", want, wide)
		}
	}
	if text := ansi.Strip(modelOf(calm, 120, 35).frame()); !strings.Contains(text, "no worker hangs; 1 request inside, the oldest for") {
		t.Errorf("no sentence of what is asked:\n%s", text)
	}
}

// TestTheHeaderDoesNotLie: nobody is healthy of whom nothing comes, and nothing is before a fault where none is planned.
func TestTheHeaderDoesNotLie(t *testing.T) {
	header := func(more func(*report.Variant)) string {
		r := hangReport(4)
		v := &r.Variants[0]
		v.Incidents, v.Faults = nil, nil
		for i := range v.Workers {
			v.Workers[i].State, v.Workers[i].Cause = diagnose.Idle, nil
		}
		v.Load.Waiting, v.Load.Achieved = 0, 200
		more(v)
		return ansi.Strip(strings.Split(modelOf(r, 120, 35).frame(), "\n")[0])
	}
	for name, row := range map[string]struct {
		more        func(*report.Variant)
		want, never string
	}{
		"all is well": {func(*report.Variant) {}, "healthy 4 workers", "nothing"},
		"no answer": {func(v *report.Variant) { v.Load.Waiting, v.Load.Achieved, v.Load.Oldest = 9, 0, 4*second },
			"nothing is answered since 4.0s", "healthy"},
		"slow answers": {func(v *report.Variant) { v.Load.Waiting, v.Load.Achieved, v.Load.Oldest = 9, 3, 4*second }, "healthy", "nothing"},
		"no fault is planned": {func(v *report.Variant) {
			v.Phase, v.Plan.Name = history.Before, "mine"
		}, "under load", "fault"},
		"a fault is planned": {func(v *report.Variant) {
			v.Phase, v.Plan.Name, v.Plan.Faults = history.Before, "mine", oneMore(v.Plan.Faults)
		}, "before fault", "under load"},
	} {
		if got := header(row.more); !strings.Contains(got, row.want) || strings.Contains(got, row.never) {
			t.Errorf("%s: %q", name, got)
		}
	}
}

// oneMore is a list with another zero value.
func oneMore[T any](all []T) []T { return append(all, *new(T)) }
