package tui

import (
	"fmt"
	"strings"
	"time"

	"github.com/hangtime-dev/hangtime/diagnose"
	"github.com/hangtime-dev/hangtime/report"
	"github.com/hangtime-dev/hangtime/verdict"
	"github.com/hangtime-dev/hangtime/words"
)

// besideRows is what the selected worker needs of the column, below checks and incidents.
const besideRows = 8

// A sideView draws the panes beside the charts: incidents and checks.
type sideView struct{ *look }

// sidePane has the checks, below them the incidents, and below these, where there is room, what is known of the
// selected worker.
func (l sideView) sidePane(v *report.Variant, view liveView, now time.Duration, w, h int) string {
	checks, above := min(len(v.Verdict.Checks)+2, h), ""
	if !v.Experiment() { // there is nothing to be judged
		checks = 0
	} else {
		above = l.checksPane(v, w, checks) + "\n"
	}
	incidents := min(min(max(len(v.Incidents), 1), mostListed)+2, h-checks)
	rest := h - checks - incidents
	if incidents < 3 {
		return l.checksPane(v, w, h)
	}
	for i := range v.Workers {
		if one := &v.Workers[i]; one.Place == view.selected && rest >= besideRows {
			lines := append(obstacles(l).heldUp(v, one, now, w-2), "")
			name := fmt.Sprintf("worker %d, pid %d", one.Place, one.PID)
			return above + l.incidentsPane(v, now, w, incidents) + "\n" +
				l.box(name, "", append(lines, threadView(l).threads(one)...), w, rest)
		}
	}
	return above + l.incidentsPane(v, now, w, h-checks)
}

// mostListed is how many incidents the live screen lists at least, where it lists any; more where there is room.
const mostListed = 4

// incidentsPane lists the incidents, the newest first: which are open, how long, how many workers, why.
func (l sideView) incidentsPane(v *report.Variant, now time.Duration, w, h int) string {
	var body []string
	for i := range v.Incidents {
		body = append(body, l.incidentLine(&v.Incidents[len(v.Incidents)-1-i], now))
	}
	note := ""
	if n := len(body) - (h - 2); n > 0 {
		note = l.in(dim, fmt.Sprintf("%d earlier", n))
	}
	if len(body) == 0 {
		body = []string{l.in(dim, " none so far")}
	}
	return l.box("incidents", note, body, w, h)
}

// incidentLine says of an incident whether it is open, and the shortest of what, how many, how long, why.
func (l sideView) incidentLine(in *diagnose.Incident, now time.Duration) string {
	as, mark, length := bad, l.stateMark(diagnose.Hung), ""
	switch {
	case in.Recovered >= 0:
		as, mark = good, l.glyphs.yes
	case in.Ended >= 0:
		as = warn
	}
	if in.Kind == diagnose.KindHang {
		length = " " + words.Short(in.Longest(now))
	}
	return " " + l.in(as, fmt.Sprintf("%s #%d %s", mark, in.ID, in.Kind)) +
		fmt.Sprintf(" %s%s  ", words.Count(in.Places(), "worker"), length) + l.text(in.Cause.Short)
}

// incidentsNote counts them, for where there is no room to list them.
func (l sideView) incidentsNote(v *report.Variant) string {
	over := 0
	for i := range v.Incidents {
		if v.Incidents[i].Recovered >= 0 {
			over++
		}
	}
	text := ""
	if n := len(v.Incidents) - over; n > 0 {
		text += " " + l.in(bad, fmt.Sprintf("%s %d", l.stateMark(diagnose.Hung), n))
	}
	if over > 0 {
		text += " " + l.in(good, fmt.Sprintf("%s %d", l.glyphs.yes, over))
	}
	if text == "" {
		return ""
	}
	return l.in(dim, "incidents") + text + "  "
}

// checksNote counts the checks, for where there is no room to list them.
func (l sideView) checksNote(v *report.Variant) string {
	if len(v.Verdict.Checks) == 0 || !v.Experiment() {
		return ""
	}
	counts := map[verdict.Outcome]int{}
	for i := range v.Verdict.Checks {
		counts[v.Verdict.Checks[i].Outcome]++
	}
	text := l.in(dim, "checks")
	for _, o := range []verdict.Outcome{verdict.Pass, verdict.Fail, verdict.Unknown} {
		if n := counts[o]; n > 0 {
			text += " " + l.in(outcomeRole(o), fmt.Sprintf("%s %d", l.outcomeMark(o), n))
		}
	}
	return text
}

// checksPane has the checks as they stand. They are judged for good when the variant is over.
func (l sideView) checksPane(v *report.Variant, w, h int) string {
	name := "checks, as they stand"
	if v.To >= 0 {
		name = "checks"
	}
	var body []string
	for i := range v.Verdict.Checks {
		c := &v.Verdict.Checks[i]
		text := " " + l.in(outcomeRole(c.Outcome), l.outcomeMark(c.Outcome)) + " " + l.text(c.Name)
		if c.Got != "" {
			// "longest_stall >= 1000" need not be told that what it got is a longest_stall.
			metric, _, _ := strings.Cut(c.Name, " ")
			text += l.in(dim, "  "+l.text(strings.TrimPrefix(c.Got, metric+" = ")))
		}
		body = append(body, text)
	}
	return l.box(name, "", body, w, h)
}
