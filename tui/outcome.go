package tui

import "github.com/hangtime-dev/hangtime/verdict"

// outcome is an outcome with its mark.
func (l *look) outcome(o verdict.Outcome) string {
	return l.in(outcomeRole(o), l.outcomeMark(o)+" "+l.text(string(o)))
}

func outcomeRole(o verdict.Outcome) role {
	switch o {
	case verdict.Pass:
		return good
	case verdict.Fail:
		return bad
	}
	return warn
}

func (l *look) outcomeMark(o verdict.Outcome) string {
	switch o {
	case verdict.Pass:
		return l.glyphs.yes
	case verdict.Fail:
		return l.glyphs.no
	}
	return l.glyphs.unsure
}
