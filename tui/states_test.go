package tui

import (
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/ansi"

	"github.com/hangtime-dev/hangtime/diagnose"
	"github.com/hangtime-dev/hangtime/report"
)

// Nothing is said by colour alone: in a lane no two states look alike, in Unicode or in ASCII, and each says what it means.
func TestEachStateHasACharacterOfItsOwn(t *testing.T) {
	for way := range 2 {
		seen := map[string]diagnose.State{}
		for _, s := range states {
			cell := s.lane[way]
			if ansi.StringWidth(cell) != 1 {
				t.Errorf("%s: %q is not one cell", s.state, cell)
			}
			if other, ok := seen[cell]; ok {
				t.Errorf("%s and %s both are %q", s.state, other, cell)
			}
			seen[cell] = s.state
			if s.says == "" {
				t.Errorf("%s says nothing", s.state)
			}
		}
	}
}

// What the page of a report says of a state is what the screen says, and both have the same order.
func TestStatesAreCalledAndOrderedAsInTheReport(t *testing.T) {
	l, err := newLook("none", false, colorprofile.TrueColor)
	if err != nil {
		t.Fatal(err)
	}
	for i, row := range states {
		if got := report.Gravity(row.state); got != i {
			t.Errorf("%s is %d in the report, %d here", row.state, got, i)
		}
		if want, got := report.StateText(row.state), ansi.Strip(l.state(row.state)); got != want {
			t.Errorf("the screen says %q, the report %q", got, want)
		}
		if report.InTrouble(row.state) != inTrouble(row.state) {
			t.Errorf("%s is trouble in one of them only", row.state)
		}
	}
}

// A state that this screen has never heard of is drawn as one that is not known: a newer recording must not break an
// older screen.
func TestAStateThatIsNotKnownIsDrawn(t *testing.T) {
	for _, row := range []struct {
		state diagnose.State
		head  string
		row   string
	}{
		{"unknown", "? unknown 4 of 4", "unknown ?"},
		{"levitating", "healthy 4 workers", "levitating ?"},
	} {
		r := hangReport(4)
		v := &r.Variants[0]
		v.Incidents, v.Load.Oldest = nil, 0 // it answers
		for i := range v.Workers {
			w := &v.Workers[i]
			w.State, w.Cause = row.state, nil
			for j := range w.Lane {
				w.Lane[j] = row.state
			}
		}
		m := modelOf(r, 120, 35)
		frame := ansi.Strip(m.frame())
		lane := strings.Repeat("?", 20)
		for _, want := range []string{row.head, row.row, lane} {
			if !strings.Contains(frame, want) {
				t.Errorf("%s: %q is not in\n%s", row.state, want, frame)
			}
		}
	}
}

// A cell of a lane shows the gravest that happened in its time; where nothing was seen it is blank, which is not the
// same as unknown.
func TestALaneShowsTheGravest(t *testing.T) {
	l, err := newLook("none", false, colorprofile.TrueColor)
	if err != nil {
		t.Fatal(err)
	}
	a := axis{from: 0, to: 4 * second, columns: 4}
	had := make([]diagnose.State, 4*int(second/diagnose.LaneStep))
	per := len(had) / 4
	for i := range per {
		had[per+i], had[2*per+i], had[3*per+i] = diagnose.Unknown, diagnose.Busy, diagnose.Idle
	}
	had[2*per], had[3*per] = diagnose.Hung, diagnose.Booting
	if got, want := ansi.Strip(workerTable{l}.lane(had, a, 4*second-1)), " ?█○"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// Where nobody can say whether a worker works its page says why not, what it works on, and what of that waits outside
// of threads.
func TestAWorkersPageSaysWhatItWorksOn(t *testing.T) {
	r := unsureReport()
	w := &r.Variants[0].Workers[0]
	m := modelOf(r, 200, 60)
	m.do(doOpen)
	frame := ansi.Strip(m.frame())
	for _, want := range []string{
		"cannot tell whether it makes progress: its sockets may not be read", "works on", "GET /pay, 3.2 s", "GET /e",
		"1 more", "waits outside of threads",
		"12 x lock registry, in app (app.py:8), for 8.1 s at least: GET /pay",
		"something that is not known, in recv (net.py:3), for 1.0 s", "unknown ?",
	} {
		if !strings.Contains(frame, want) {
			t.Errorf("%q is not in\n%s", want, frame)
		}
	}
	if strings.Contains(frame, "GET /f") {
		t.Error("more requests than are listed")
	}
	w.State, w.Label, w.Cause = diagnose.Busy, diagnose.Slow,
		&diagnose.Cause{Sentence: "in a query for 3.2 s", Confidence: diagnose.Likely}
	if frame := ansi.Strip(m.frame()); !strings.Contains(frame, "no hang, but slow: each request takes long") ||
		!strings.Contains(frame, "in a query for 3.2 s") {
		t.Errorf("a slow worker:\n%s", frame)
	}
}

// unsureReport is a run of one worker of which nobody can say whether it works.
func unsureReport() *report.Report {
	r := hangReport(1)
	w := &r.Variants[0].Workers[0]
	w.State, w.Cause, w.Waits, w.Reason = diagnose.Unknown, nil, nil, "its sockets may not be read"
	w.Requests = []string{"GET /pay, 3.2 s", "GET /a", "GET /b", "GET /c", "GET /d", "GET /e", "GET /f"}
	w.Awaits = []diagnose.Await{
		{Count: 12, Age: 8100 * time.Millisecond, What: "lock", Name: "registry", Where: "app (app.py:8)", Least: true,
			Request: "GET /pay"},
		{Count: 1, Age: second, Stack: []string{"recv (net.py:3)"}},
	}
	return r
}
