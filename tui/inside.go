package tui

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/charmbracelet/x/ansi"

	"github.com/hangtime-dev/hangtime/diagnose"
	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/report"
	"github.com/hangtime-dev/hangtime/words"
)

// twoColumnsFrom is the width from which a page has its threads beside the rest.
const twoColumnsFrom = 110

// workerPage is all that is known of one worker: what holds it up on the left, its threads on the right.
func (l *look) workerPage(r *report.Report, v *report.Variant, w *diagnose.Worker, scroll, width, h int) string {
	now := until(r, v)
	name := fmt.Sprintf("worker %d, pid %d", w.Place, w.PID)
	if width < twoColumnsFrom {
		return l.scrolled(name, l.insideLines(v, w, now, width-2), scroll, width, h)
	}
	top := l.facts(v, w, now, width-2)
	head := l.box(name, "", top, width, len(top)+2)
	rest := h - len(top) - 2
	left := width / 2
	log := logHeight(v, w, rest)
	rest -= log
	tail := ""
	if log > 0 {
		tail = "\n" + l.box(logName(w), "", l.logLines(v, w, log-2), width, log)
	}
	return head + "\n" + beside(l.scrolled("why", l.heldUp(v, w, now, left-2), scroll, left, rest), l.scrolled("threads", l.threads(w), scroll, width-left, rest)) + tail
}

// insideLines are all of it, one below the other.
func (l *look) insideLines(v *report.Variant, w *diagnose.Worker, now time.Duration, width int) []string {
	lines := slices.Concat(l.facts(v, w, now, width), []string{""}, l.heldUp(v, w, now, width), []string{""}, l.threads(w))
	return append(append(lines, "", " "+l.in(title, logName(w))), l.logLines(v, w, mostTold)...)
}

func logName(w *diagnose.Worker) string {
	return fmt.Sprintf("the server's log about worker %d, its newest lines", w.Place)
}

// logHeight is how high the pane of the log is below why and threads, which have two thirds of the rows at least; 0: there is no room, or nothing to show.
func logHeight(v *report.Variant, w *diagnose.Worker, rows int) int {
	n := len(v.LogOf(w, mostTold))
	if h := min(n+2, rows/3); n > 0 && h >= 4 {
		return h
	}
	return 0
}

// logLines are the newest lines of the server's log about a worker.
func (l *look) logLines(v *report.Variant, w *diagnose.Worker, most int) []string {
	found := v.LogOf(w, most)
	if len(found) == 0 {
		return []string{l.in(dim, " no line of it could be read")}
	}
	lines := make([]string, 0, len(found))
	for _, line := range found {
		who := ""
		if line.PID != w.PID && line.PID > 0 {
			who = l.in(dim, fmt.Sprintf("pid %d: ", line.PID))
		}
		lines = append(lines, " "+l.in(dim, words.Moment(line.At))+"  "+who+l.ascii(printable(line.Text)))
	}
	return lines
}

// printable is a text that somebody else wrote, without what would move the cursor or change colours.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, ansi.Strip(text))
}

// until is the moment that a variant is looked at: now, or when it ended.
func until(r *report.Report, v *report.Variant) time.Duration {
	if v.To >= 0 {
		return v.To
	}
	return r.Now
}

// facts are the figures of a worker, and its lane.
func (l *look) facts(v *report.Variant, w *diagnose.Worker, now time.Duration, width int) []string {
	fact := func(name, value string) string { return l.in(dim, name) + " " + value + "   " }
	beat := "not known"
	if w.Beat >= 0 {
		beat = words.Short(w.Beat) + " ago"
	}
	inside := fact("requests inside", fmt.Sprint(w.Inside))
	if w.Inside > 0 {
		inside += fact("the oldest", words.Short(w.Oldest)) + fact("client ports", ports(w, max(width/20, 2)))
	}
	tasks := fact("tasks open", fmt.Sprint(w.OpenTasks))
	if w.OpenTasks > 0 {
		tasks += fact("the oldest", words.Short(w.OldestTask))
	}
	connections := fmt.Sprint(w.Served)
	if w.Silent > 0 {
		connections += fmt.Sprintf(" (%d silent)", w.Silent)
	}
	files := "read once it is suspect"
	switch {
	case w.Files == 0 && inTrouble(w.State):
		files = "not read"
	case w.Files > 0:
		files = fmt.Sprintf("%s of %s", words.Number(w.Files), words.Number(w.FilesMost))
	}
	lines := []string{
		" " + l.state(w.State) + " for " + words.Short(now-w.Since) + "   " + inside,
		" " + tasks + fact("connections", connections) + fact("heartbeat", beat),
		" " + fact("cpu", words.Percent(w.CPU)) + fact("memory", words.ShortSize(w.RSS)) + fact("descriptors", files) + fact("lives", fmt.Sprint(w.Lives)),
	}
	if cells := width - 2; cells >= 10 {
		a := axisOf(v, now, cells)
		lines = append(lines, " "+l.rule(v, a, now, " "), " "+l.lane(w.Lane, a, now))
	}
	return lines
}

// ports lists where the requests inside come from, at most so many.
func ports(w *diagnose.Worker, most int) string {
	if len(w.Ports) == 0 {
		return "not known"
	}
	texts := make([]string, 0, most+1)
	for i, port := range w.Ports {
		if i == most {
			texts = append(texts, fmt.Sprintf("and %d more", w.Inside-most))
			break
		}
		texts = append(texts, fmt.Sprint(port))
	}
	return strings.Join(texts, " ")
}

// state names a state with its mark; trouble in capitals.
func (l *look) state(s diagnose.State) string {
	text := string(s)
	if inTrouble(s) {
		text = strings.ToUpper(text)
	}
	if m := l.glyphs.mark[s]; m != "" {
		text += " " + m
	}
	return l.in(stateRole(s), text)
}

// heldUp says why a worker does not get on, who holds what it waits for, and what happened to its place before.
func (l *look) heldUp(v *report.Variant, w *diagnose.Worker, now time.Duration, width int) []string {
	var lines []string
	switch {
	case w.Cause != nil:
		lines = append(lines, l.paragraph(bad, w.Cause.Sentence, 1, width)...)
		lines = append(lines, l.paragraph(dim, "how sure: "+string(w.Cause.Confidence)+sureness(w.Cause.Confidence), 3, width)...)
		if w.Cause.Where != "" {
			lines = append(lines, l.paragraph(plain, "in its code: "+w.Cause.Where, 3, width)...)
		}
		if w.Cause.Remedy != "" {
			lines = append(lines, l.paragraph(accent, "the guide: "+w.Cause.Remedy, 3, width)...)
		}
		lines = append(lines, l.chainOf(w.Cause, width)...)
	case inTrouble(w.State):
		lines = append(lines, " no evidence so far says why")
	case w.Label != "":
		lines = append(lines, l.paragraph(warn, "no hang, but "+labelWords(w.Label), 1, width)...)
	default:
		lines = append(lines, l.in(dim, " it gets on"))
	}
	if len(w.Waits) > 0 {
		lines = append(lines, "", " "+l.in(title, "waits for"))
		for _, wait := range w.Waits {
			lines = append(lines, l.chain(w, &wait)...)
		}
	}
	lines = append(lines, "", " "+l.in(title, "what happened to this place"))
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
			lines = append(lines, "   "+l.in(dim, words.Moment(line.At))+" "+l.in(lineRole(line.Kind), string(line.Kind))+" "+l.ascii(l.shorten(line.Text, width-24)))
		}
	}
	return lines
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

// chainOf says who waits for whom, where there is more than one link.
func (l *look) chainOf(c *diagnose.Cause, width int) []string {
	if len(c.Chain) == 0 {
		return nil
	}
	name := "who waits for whom"
	if c.Cycle {
		name += ": a circle, it will never end by itself"
	}
	lines := []string{"", " " + l.in(title, name)}
	for _, link := range c.Chain {
		lines = append(lines, l.paragraph(plain, link, 3, width)...)
	}
	return lines
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
func (l *look) chain(w *diagnose.Worker, wait *history.LockWait) []string {
	file := wait.Path
	if file == "" {
		file = "a file without a name"
	}
	arrow := l.ascii("→")
	lines := []string{
		fmt.Sprintf("   worker %d, thread %d", w.Place, wait.TID),
		fmt.Sprintf("   %s waits %s for %s", l.in(dim, l.elbow()), words.Short(wait.Still), l.in(bad, wait.Lock+" "+path.Base(file))) + l.in(dim, fmt.Sprintf("  inode %d", wait.Inode)),
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
		lines = append(lines, fmt.Sprintf("      %s held by %s %s%s", l.in(dim, l.elbow()), l.in(fault, fmt.Sprintf("pid %d", h.PID)), h.Command, note))
	}
	return append(lines, l.in(dim, fmt.Sprintf("   fd %d %s %s", wait.FD, arrow, file)))
}

func (l *look) elbow() string { return l.glyphs.border.BottomLeft + l.glyphs.border.Top }

// victim is one worker's part in an incident, in a line.
func (l *look) victim(in *diagnose.Incident, victim *diagnose.Victim, now time.Duration) string {
	text := l.in(bad, fmt.Sprintf("%s #%d", in.Kind, in.ID)) + " " + l.in(dim, words.Moment(victim.From)) + fmt.Sprintf("  pid %d", victim.PID) + fate(in, victim, now)
	return text + l.in(dim, "  "+l.ascii(in.Cause.Short))
}

// threads lists what each thread is in: those that are stuck first, with their stacks.
func (l *look) threads(w *diagnose.Worker) []string {
	if len(w.Threads) == 0 {
		return []string{l.in(dim, " threads are looked at once a worker is suspect")}
	}
	all := slices.Clone(w.Threads)
	slices.SortStableFunc(all, func(a, b history.ThreadSample) int {
		switch {
		case a.Idle == b.Idle:
			return 0
		case b.Idle:
			return -1
		}
		return 1
	})
	var lines []string
	for _, t := range all {
		as, note := bad, ""
		if t.Idle {
			as, note = dim, "  waits for work"
		}
		name := t.Name
		if name == "" {
			name = "thread"
		}
		lines = append(lines, " "+l.in(as, fmt.Sprintf("%s (%d)", name, t.TID))+l.in(dim, fmt.Sprintf("  %s, still for %s%s", threadState(t.State), words.Short(t.Still), note)))
		if t.Syscall != "" {
			lines = append(lines, "   "+t.Syscall+l.in(dim, "(")+l.ascii(folders.ReplaceAllString(t.Args, l.glyphs.more+"/"))+l.in(dim, ")"))
		}
		for _, stack := range w.Stacks {
			if stack.TID != t.TID {
				continue
			}
			for _, frame := range stack.Frames {
				lines = append(lines, "     "+l.ascii(frame))
			}
		}
		for i, frame := range t.Stack {
			if t.Idle && i >= 2 {
				break
			}
			lines = append(lines, l.in(dim, "     "+frame))
		}
	}
	return lines
}

// threadState says what a letter of proc_pid_stat(5) means.
func threadState(letter string) string {
	switch letter {
	case "R":
		return "running"
	case "S":
		return "sleeping"
	case "D":
		return "in uninterruptible sleep"
	case "T", "t":
		return "stopped"
	case "Z":
		return "ended"
	}
	return letter
}
