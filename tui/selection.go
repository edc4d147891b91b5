package tui

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hangtime-dev/hangtime/diagnose"
	"github.com/hangtime-dev/hangtime/report"
)

// An order of the worker table.
type order int

const (
	byItself     order = iota // by place; those in trouble first where the table does not fit
	byPlace                   //
	troubleFirst              //
)

func (o order) String() string {
	return [...]string{"by place, trouble first if they do not fit", "by place", "trouble first"}[o]
}

// pick is which workers are shown, in which order. Only trouble and no trouble are told apart, or rows would jump
// with every state.
func pick(workers []diagnose.Worker, filter string, o order, rows int) []diagnose.Worker {
	shown := make([]diagnose.Worker, 0, len(workers))
	for _, w := range workers {
		if filter == "" || matches(filter, fmt.Sprint(w.Place), fmt.Sprint(w.PID), string(w.State), report.StateText(report.ShownState(&w)),
			report.Reason(&w), report.RequestOf(&w), report.WhereOf(&w)) {
			shown = append(shown, w)
		}
	}
	if o == troubleFirst || o == byItself && len(shown) > rows {
		slices.SortStableFunc(shown, func(a, b diagnose.Worker) int { return rank(b.State) - rank(a.State) })
	}
	return shown
}

func rank(s diagnose.State) int {
	if inTrouble(s) && s != diagnose.Suspect {
		return 1
	}
	return 0
}

// matches says whether each word of a filter is in some of the texts, whatever the case.
func matches(filter string, texts ...string) bool {
	all := strings.ToLower(strings.Join(texts, "\n"))
	for word := range strings.FieldsSeq(strings.ToLower(filter)) {
		if !strings.Contains(all, word) {
			return false
		}
	}
	return true
}

// A liveView is what of a variant a person has chosen to see.
type liveView struct {
	shown    []diagnose.Worker
	selected int // place
	filter   string
	order    order
	older    int    // lines of the story, from the newest
	unseen   string // why nobody looks at the workers; empty: not known, or they are looked at
}
