package tui

import (
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"

	"github.com/hangtime-dev/hangtime/diagnose"
	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/metrics"
	"github.com/hangtime-dev/hangtime/report"
)

// unobserved is a report of a load as it would be if nobody had looked at the workers.
func unobserved(r *report.Report) *report.Report {
	one := *r
	v := r.Variants[0]
	v.Server.PID, v.Workers, v.Incidents = 0, nil, nil
	one.Variants = []report.Variant{v}
	return &one
}

// Who loads a server breaks nothing and has it judged by nobody.
func TestALoadSpeaksOfNoExperiment(t *testing.T) {
	for name, at := range map[string]time.Duration{"calm": 4 * second, "hang": 9 * second, "over": -1} {
		for _, w := range []int{80, 120, 200} {
			r := reportAt(t, loaded, at)
			for what, m := range map[string]*model{"": modelOf(r, w, 35), " unobserved": modelOf(unobserved(r), w, 35)} {
				text := ansi.Strip(m.frame())
				for _, word := range []string{"fault", "expect", "behaved", "check", "verdict", "00:00/00:00", "nothing answered yet", "broken", "tasks"} {
					if strings.Contains(text, word) {
						t.Errorf("%s%s, %d wide: says %q:\n%s", name, what, w, word, text)
					}
				}
			}
		}
	}
}

// What a person wants to know of a load is on the screen, at every size that has room for it.
func TestALoadSaysWhatItAsksAndWhatComesOfIt(t *testing.T) {
	for _, w := range []int{80, 120, 200} {
		text := ansi.Strip(modelOf(reportAt(t, loaded, 9*second), w, 35).frame())
		for _, want := range []string{"http://127.0.0.1:8000/", "/00:15", "HANG 4 of 4", "asked", "answered", "unanswered", "p50", "p90", "p99", "max",
			"200", "500", "due", "GET /slow", "blocking sleep", "▆ ok ✗ failed ░ unanswered"} {
			if !strings.Contains(text, want) {
				t.Errorf("%d wide: does not say %q:\n%s", w, want, text)
			}
		}
	}
	m := modelOf(unobserved(reportAt(t, loaded, 9*second)), 120, 35)
	m.options.Unwatched = "it is elsewhere"
	if text := ansi.Strip(m.frame()); !strings.Contains(text, "workers not observed: it is elsewhere") || strings.Contains(text, "┌ workers") {
		t.Errorf("of workers that nobody looks at:\n%s", text)
	}
	m = modelOf(reportAt(t, loaded, -1), 120, 35)
	if m.do(doVerdict); m.on != m.live {
		t.Error("a load has a verdict")
	}
}

func TestErrorsHaveTheirNames(t *testing.T) {
	l := modelOf(nil, 80, 24).look
	d := &metrics.Load{Counts: metrics.Counts{OK: 90, Failed: 10, Status: map[string]uint64{"200": 90, "503": 3},
		Errors: map[string]uint64{history.ErrStatus: 3, history.ErrTimeout: 5, history.ErrReset: 2}}}
	text := ansi.Strip(strings.Join(loadedView{l}.answers(d, 50, 9), "\n"))
	want := []string{"200 OK", "90", "90.00 %", "no answer in time", "5.00 %", "503 Service Unavailable", "3.00 %", "connection reset"}
	at := 0
	for _, one := range want {
		i := strings.Index(text[at:], one)
		if i < 0 {
			t.Fatalf("%q is not where it belongs in\n%s", one, text)
		}
		at += i
	}
	if lines := (loadedView{l}).answers(d, 60, 2); len(lines) != 1 || ansi.Strip(lines[0]) != " 200: 90, no answer in time: 5, 503: 3, connection reset: 2" {
		t.Errorf("where there is no room for them: %q", lines)
	}
}

// All senders wait where the server stands still: the load generator is not to blame, then nor afterwards.
func TestTheGeneratorIsNoExcuseForAStall(t *testing.T) {
	says := func(more func(v *report.Variant)) string {
		r := hangReport(4)
		v := &r.Variants[0]
		v.Incidents, v.Faults = nil, nil
		for i := range v.Workers {
			v.Workers[i].State, v.Workers[i].Cause = diagnose.Idle, nil
		}
		v.Verdict.Notes = []string{"all senders were in use"}
		v.Load.Exhausted, v.Load.Waiting, v.Load.InFlight, v.Load.Achieved, v.Load.Oldest = second, 40, 64, 100, 3*second
		more(v)
		return strings.Split(ansi.Strip(modelOf(r, 120, 35).frame()), "\n")[1]
	}
	const excuse = "the load generator is the limit"
	for name, row := range map[string]struct {
		more func(v *report.Variant)
		is   bool
	}{
		"the server answers, and hits wait for a sender": {func(*report.Variant) {}, true},
		"nothing is answered":                            {func(v *report.Variant) { v.Load.Achieved = 0 }, false},
		"a worker gets nowhere":                          {func(v *report.Variant) { v.Workers[0].State = diagnose.Suspect }, false},
		"it is past":                                     {func(v *report.Variant) { v.Load.Waiting = 0 }, false},
		"a hang was the reason": {func(v *report.Variant) {
			v.Incidents = []diagnose.Incident{{ID: 1, Kind: diagnose.KindHang, Ended: second, Recovered: second}}
		}, false},
	} {
		if text := says(row.more); strings.Contains(text, excuse) != row.is {
			t.Errorf("%s: %q", name, text)
		}
	}
	if text := says(func(v *report.Variant) { v.Load.Achieved = 0 }); !strings.Contains(text, "nothing is answered: ") {
		t.Errorf("a stall that is not explained: %q", text)
	}
}

// A worker whose short requests are never caught inside is not idle.
func TestAWorkerThatAnswersIsNotCalledIdle(t *testing.T) {
	r := hangReport(4)
	for i := range r.Variants[0].Workers {
		w := &r.Variants[0].Workers[i]
		w.State, w.Cause, w.Flows, w.CPU = diagnose.Idle, nil, i == 0, 0
		if i == 1 {
			w.CPU = 0.02
		}
	}
	text := ansi.Strip(modelOf(r, 120, 35).frame())
	if strings.Count(text, " active ") != 2 || strings.Count(text, " idle ") != 2 {
		t.Error(text)
	}
}
