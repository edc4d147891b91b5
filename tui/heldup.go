package tui

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/hangtime-dev/hangtime/diagnose"
	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/report"
	"github.com/hangtime-dev/hangtime/words"
)

// Obstacles draw what holds a worker up, and who waits behind it.
type obstacles struct{ *look }

// heldUp says why a worker does not get on, who holds what it waits for, and what happened to its place before.
func (l obstacles) heldUp(v *report.Variant, w *diagnose.Worker, now time.Duration, width int) []string {
	var lines []string
	switch {
	case w.Cause != nil:
		as := bad
		if !inTrouble(w.State) { // it is slow: what it is in is known, and nothing is wrong for sure
			as = warn
			lines = append(lines, l.paragraph(warn, "no hang, but "+report.LabelWords(w.Label), 1, width)...)
		}
		lines = append(lines, l.paragraph(as, w.Cause.Sentence, 1, width)...)
		lines = append(lines, l.paragraph(dim, "how sure: "+string(w.Cause.Confidence)+sureness(w.Cause.Confidence),
			3, width)...)
		if w.Cause.Where != "" {
			lines = append(lines, l.paragraph(plain, "in its code: "+w.Cause.Where, 3, width)...)
		}
		if w.Cause.Remedy != "" {
			lines = append(lines, l.paragraph(accent, "remedy: "+w.Cause.Remedy, 3, width)...)
		}
		lines = append(lines, l.tree(w.Cause.Graph, width)...)
	case inTrouble(w.State):
		lines = append(lines, " no evidence so far says why")
	case w.Label != "":
		lines = append(lines, l.paragraph(warn, "no hang, but "+report.LabelWords(w.Label), 1, width)...)
	case w.State == diagnose.Unknown:
		lines = append(lines, l.paragraph(warn, "cannot tell whether it makes progress: "+w.Reason, 1, width)...)
	default:
		lines = append(lines, l.in(dim, " nothing holds it up"))
	}
	lines = append(lines, l.worksOn(w, width)...)
	if len(w.Waits) > 0 && (w.Cause == nil || len(w.Cause.Graph.Edges) == 0) {
		lines = append(lines, "", " "+l.in(title, "waits for"))
		for _, wait := range w.Waits {
			lines = append(lines, l.chain(w, &wait)...)
		}
	}
	lines = append(lines, "", " "+l.in(title, "what has happened here so far"))
	before := len(lines)
	for i := range v.Incidents {
		in := &v.Incidents[i]
		for _, victim := range in.Victims {
			if victim.Place == w.Place {
				lines = append(lines, "   "+l.victim(in, &victim, now))
			}
		}
	}
	if len(lines) == before {
		lines = append(lines, l.in(dim, "   nothing so far"))
	}
	if told := toldOf(v, w.Place); len(told) > 0 {
		lines = append(lines, "", " "+l.in(title, "what was told of it"))
		for _, line := range told {
			lines = append(lines, "   "+l.in(dim, words.Moment(line.At))+" "+
				l.in(lineRole(line.Kind), string(line.Kind))+" "+l.text(l.shorten(line.Text, width-24)))
		}
	}
	return lines
}

// mostWork is how many requests, and how many waits outside of threads, a page lists of one worker.
const mostWork = 6

// worksOn lists what a worker is working on, as far as its code says so, and what of it waits outside of any thread.
func (l obstacles) worksOn(w *diagnose.Worker, width int) []string {
	list := func(name string, all []string) []string {
		if len(all) == 0 {
			return nil
		}
		lines := []string{"", " " + l.in(title, name)}
		for _, one := range all[:min(len(all), mostWork)] {
			lines = append(lines, l.paragraph(plain, one, 3, width)...)
		}
		if more := len(all) - mostWork; more > 0 {
			lines = append(lines, "   "+l.in(dim, fmt.Sprintf("%d more", more)))
		}
		return lines
	}
	awaits := make([]string, 0, len(w.Awaits))
	for _, a := range w.Awaits {
		awaits = append(awaits, awaitText(a))
	}
	return append(list("works on", w.Requests), list("waits outside of threads", awaits)...)
}

// awaitText is "12 x lock registry, in app (app.py:8), for 8.1 s".
func awaitText(a diagnose.Await) string {
	text := strings.TrimSpace(cmp.Or(a.What, "something that is not known") + " " + a.Name)
	if a.Count > 1 {
		text = fmt.Sprintf("%d x %s", a.Count, text)
	}
	if where := append([]string{a.Where}, a.Stack...); cmp.Or(where...) != "" {
		text += ", in " + cmp.Or(where...)
	}
	text += ", for " + words.Seconds(a.Age)
	if a.Least {
		text += " at least"
	}
	if a.Request != "" {
		text += ": " + a.Request
	}
	return text
}

// mostTold is how many lines of the story a worker's page repeats.
const mostTold = 8

// toldOf are the newest lines of the story that name a worker.
func toldOf(v *report.Variant, place int) []report.Line {
	name := fmt.Sprintf("worker %d", place)
	var all []report.Line
	for _, line := range slices.Backward(v.Story) {
		_, after, found := strings.Cut(line.Text, name)
		if found && (after == "" || !strings.ContainsAny(after[:1], "0123456789")) {
			all = append(all, line)
		}
		if len(all) == mostTold {
			break
		}
	}
	slices.Reverse(all)
	return all
}

func sureness(c diagnose.Confidence) string {
	switch c {
	case diagnose.Proven:
		return " (seen twice without a run between, and who holds it)"
	case diagnose.Likely:
		return " (one piece of evidence is missing)"
	}
	return ""
}

// chain draws worker → lock → holder.
func (l obstacles) chain(w *diagnose.Worker, wait *history.LockWait) []string {
	file := wait.Path
	if file == "" {
		file = "a file without a name"
	}
	file = l.text(file)
	arrow := l.text("→")
	lines := []string{
		fmt.Sprintf("   worker %d, thread %d", w.Place, wait.TID),
		fmt.Sprintf("   %s waits %s for %s", l.in(dim, l.elbow()), words.Short(wait.Still),
			l.in(bad, wait.Lock+" "+path.Base(file))) + l.in(dim, fmt.Sprintf("  inode %d", wait.Inode)),
	}
	if len(wait.Holders) == 0 {
		lines = append(lines, "      "+l.in(dim, l.elbow())+" held by someone who could not be seen")
	}
	for _, h := range wait.Holders {
		note := ""
		switch {
		case h.Dead:
			note = " (dead)"
		case !h.Creator:
			note = " (inherited the open file)"
		}
		lines = append(lines, fmt.Sprintf("      %s held by %s %s%s", l.in(dim, l.elbow()),
			l.in(fault, fmt.Sprintf("pid %d", h.PID)), l.text(h.Command), note))
	}
	return append(lines, l.in(dim, fmt.Sprintf("   fd %d %s %s", wait.FD, arrow, file)))
}

func (l obstacles) elbow() string { return l.glyphs.border.BottomLeft + l.glyphs.border.Top }

// victim is one worker's part in an incident, in a line.
func (l obstacles) victim(in *diagnose.Incident, victim *diagnose.Victim, now time.Duration) string {
	text := l.in(bad, fmt.Sprintf("%s #%d", in.Kind, in.ID)) + " " + l.in(dim, words.Moment(victim.From)) +
		fmt.Sprintf("  pid %d", victim.PID) + l.text(fate(in, victim, now))
	return text + "  " + l.text(in.Cause.Short)
}
