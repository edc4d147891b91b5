package tui

import (
	"strings"

	"github.com/hangtime-dev/hangtime/diagnose"
	"github.com/hangtime-dev/hangtime/report"
)

// A stateRow is how a state is drawn, and what it means. Each has characters of its own, so that nothing is said by
// colour alone.
type stateRow struct {
	state diagnose.State
	role  role
	lane  [2]string // its cell in a worker's lane: in Unicode, in ASCII
	mark  [2]string // behind its name; empty: nothing to look at
	says  string    // to someone who meets it for the first time
}

// states are all of them, from the one to care least about to the gravest. A new state is a row here; nothing ever
// writes to it.
var states = [...]stateRow{
	{diagnose.Idle, dim, [2]string{"▁", "_"}, [2]string{}, "nothing is asked of it"},
	{diagnose.Busy, good, [2]string{"▃", "="}, [2]string{}, "is at work, and makes progress"},
	{diagnose.Booting, warn, [2]string{"○", "o"}, [2]string{"○", "o"}, "born, has not answered anything yet"},
	{diagnose.Unknown, dim, [2]string{"?", ","}, [2]string{"?", "?"}, "whether it works cannot be seen"},
	{diagnose.Suspect, warn, [2]string{"▅", "?"}, [2]string{"?", "?"}, "has work, no progress for 0.2 s"},
	{diagnose.Dead, bad, [2]string{"†", "D"}, [2]string{"†", "D"}, "gone, nothing has its place"},
	{diagnose.Stopped, bad, [2]string{"‖", "S"}, [2]string{"‖", "S"}, "a hang: stopped by a signal or frozen"},
	{diagnose.Hung, bad, [2]string{"█", "X"}, [2]string{"×", "X"}, "a hang: has work, no progress for 1 s or more"},
}

// gravity orders states by how much a person should care; it is the row of a state. One that has no row, as of a
// newer recording, is drawn as unknown.
func gravity(s diagnose.State) int {
	row := 0
	for i := range states {
		switch states[i].state {
		case s:
			return i
		case diagnose.Unknown:
			row = i
		}
	}
	return row
}

// stateRole is how a state is coloured.
func stateRole(s diagnose.State) role { return states[gravity(s)].role }

// inTrouble says whether a worker in this state is what a person looks for.
func inTrouble(s diagnose.State) bool { return gravity(s) >= gravity(diagnose.Suspect) }

// stateMark is the character behind a state's name; empty: it has none.
func (l *look) stateMark(s diagnose.State) string { return l.either(states[gravity(s)].mark) }

// state names a state with its mark; trouble in capitals.
func (l *look) state(s diagnose.State) string {
	text := string(s)
	if inTrouble(s) {
		text = strings.ToUpper(text)
	}
	if m := l.stateMark(s); m != "" {
		text += " " + m
	}
	return l.in(stateRole(s), l.text(text))
}

// stateOf names the state of a worker as state does; one that is active is not called idle, nor booting.
func (l *look) stateOf(w *diagnose.Worker) string {
	if report.ShownState(w) == report.Active {
		return l.in(good, "active")
	}
	return l.state(w.State)
}

// either is the one of two ways to draw that the terminal can show.
func (l *look) either(way [2]string) string {
	if l.glyphs.ascii != nil {
		return way[1]
	}
	return way[0]
}
