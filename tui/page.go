package tui

import (
	"errors"
	"math"
)

// errNumber is what a command says that opens a page by its number.
var errNumber = errors.New("want a number")

// A page is a screen of a run that is read from top to bottom, as all but the live one are.
type page struct {
	*stage
	from int // the first line that is visible
}

func (p *page) head(w int) string { return banner{p.look}.header(p.report, p.shown(), w) }

func (p *page) place() place { return p.goingOn(onPage) }

func (p *page) top() { p.from = 0 }

func (p *page) hints() []hint {
	all := append(hints(doBack), hint{actions: []action{doUp, doDown}, does: "scroll"})
	return append(append(all, hints(doCopy, doVerdict)...), moves(p.place())...)
}

// turn goes back or moves through the lines, of which the last may be the first visible one at most.
func (p *page) turn(a action, last int) bool {
	if a == doBack {
		p.back()
		return true
	}
	by, ok := step(a, p.h)
	if ok {
		p.from = min(max(p.from+by, 0), max(last, 0))
	}
	return ok
}

// rows is how high the part of a screen is that it draws itself.
func (p *page) rows() int { return p.h - p.bars() }

// step is how many lines a key moves on a screen of h rows; false: it moves none.
func step(a action, h int) (int, bool) {
	switch a {
	case doUp:
		return -1, true
	case doDown:
		return 1, true
	case doPageUp:
		return -max(h/2, 1), true
	case doPageDown:
		return max(h/2, 1), true
	case doTop:
		return math.MinInt32, true
	case doBottom:
		return math.MaxInt32, true
	}
	return 0, false
}
