package tui

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"

	"github.com/hangtime-dev/hangtime/report"
	"github.com/hangtime-dev/hangtime/words"
)

// The page that plays a run shows report.MomentOf: what that says is on the screen that the replay draws at the moment.
func TestTheScreenDrawsWhatAMomentSays(t *testing.T) {
	tape, err := OpenTape(t.Context(), recordedRun)
	if err != nil {
		t.Fatal(err)
	}
	defer tape.Close()
	troubled := 0
	for at := 400 * time.Millisecond; at < tape.Length(); at += 700 * time.Millisecond {
		r := reportUpTo(t, at)
		v := r.Current()
		said := report.MomentOf(r, v)
		frame := ansi.Strip(modelOf(r, 200, 60).frame())
		for _, want := range []string{said.Condition, said.Phase, said.Clock} {
			if !strings.Contains(frame, want) {
				t.Errorf("at %v: %q is not on the screen", at, want)
			}
		}
		all := strings.Fields(frame)
		for _, fact := range said.Facts {
			name := strings.Fields(strings.TrimPrefix(fact.Name, "tasks lost"))
			if len(name) == 0 {
				name = []string{"lost"} // beside the tasks that are done
			}
			if fact.Name == "due" || fact.Text == "-" { // the screen draws it over time; nothing was answered yet
				continue
			}
			if want := append(name, strings.Fields(fact.Text)...); !hasRun(all, want) {
				t.Errorf("at %v: %q is not on the screen", at, want)
			}
		}
		for _, w := range said.Workers {
			// place, pid, state, for, and behind them the others
			want := []string{fmt.Sprint(w.Place), w.Cells[0]}
			want = append(append(want, strings.Fields(report.StateText(w.State))...), strings.Fields(w.Cells[1])...)
			if !hasRun(all, want) || !strings.Contains(frame, w.Cells[7]) || !strings.Contains(frame, " "+w.Cells[4]) ||
				!strings.Contains(frame, " "+w.Cells[5]) {
				t.Errorf("at %v: worker %d is not on the screen as %q", at, w.Place, w.Cells)
			}
			if w.Cells[7] != "" {
				troubled++
			}
		}
		checkStory(t, at, v, frame)
	}
	if troubled == 0 {
		t.Error("no worker was in trouble: the test looks at little")
	}
}

// checkStory looks for the newest line of the story.
func checkStory(t *testing.T, at time.Duration, v *report.Variant, frame string) {
	t.Helper()
	if len(v.Story) == 0 {
		return
	}
	newest := v.Story[len(v.Story)-1]
	if !strings.Contains(frame, words.Moment(newest.At)+"  "+string(newest.Kind)) {
		t.Errorf("at %v: the newest line of the story is not on the screen: %v", at, newest)
	}
}

// hasRun says whether some words stand one after the other.
func hasRun(all, some []string) bool {
	for i := range all {
		if len(all)-i >= len(some) && slices.Equal(all[i:i+len(some)], some) {
			return true
		}
	}
	return false
}
