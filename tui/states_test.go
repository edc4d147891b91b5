package tui

import (
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"

	"github.com/hangtime-dev/hangtime/diagnose"
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

// A state that this screen has never heard of is drawn as one that is not known: a newer recording must not break an older screen.
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
		v.Incidents = nil
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

// A cell of a lane shows the gravest that happened in its time; where nothing was seen it is blank, which is not the same as unknown.
func TestALaneShowsTheGravest(t *testing.T) {
	l, err := newLook("none", false)
	if err != nil {
		t.Fatal(err)
	}
	a := axis{from: 0, to: 4 * second, columns: 4}
	had := make([]diagnose.State, 4*int(second/diagnose.LaneStep))
	per := len(had) / 4
	for i := range per {
		had[per+i], had[2*per+i], had[3*per+i] = unknown, diagnose.Busy, diagnose.Idle
	}
	had[2*per], had[3*per] = diagnose.Hung, unknown
	if got, want := ansi.Strip(l.lane(had, a, 4*second-1)), " ?█▁"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
