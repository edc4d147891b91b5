package tui

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/hangtime-dev/hangtime/diagnose"
	"github.com/hangtime-dev/hangtime/report"
	"github.com/hangtime-dev/hangtime/words"
)

// twoColumnsFrom is the width from which a page has its threads beside the rest.
const twoColumnsFrom = 110

// workerScreen is all that is known of the selected worker.
type workerScreen struct{ page }

// openWorker shows the worker that has a place; without a word the selected one.
func openWorker(s *stage, word string) (screen, error) {
	v := s.shown()
	if word != "" {
		at, err := strconv.Atoi(word)
		if err != nil {
			return nil, errNumber
		}
		if v == nil || !slices.ContainsFunc(v.Workers, func(w diagnose.Worker) bool { return w.Place == at }) {
			return nil, errors.New("there is no such place")
		}
		s.selected = at
	}
	if v == nil {
		return nil, nil
	}
	return &workerScreen{page{stage: s}}, nil
}

func (s *workerScreen) draw(w, h int) string {
	if one := s.worker(); one != nil {
		return workerView{s.look}.workerPage(s.report, s.shown(), one, s.from, w, h)
	}
	return s.live.draw(w, h)
}

func (s *workerScreen) do(a action) (tea.Cmd, bool) {
	last := 0
	if one := s.worker(); one != nil {
		last = len(workerView{s.look}.insideLines(s.shown(), one, until(s.report, s.shown()), s.w/2))
	}
	return nil, s.turn(a, last)
}

func (s *workerScreen) copy() string {
	one := s.worker()
	if one == nil {
		return ""
	}
	return ansiPlain(strings.Join(workerView{s.look}.insideLines(s.shown(), one, until(s.report, s.shown()), 120), "\n")) + "\n"
}

// A workerView draws all that is known of one worker.
type workerView struct{ *look }

// workerPage is all that is known of one worker: what holds it up on the left, its threads on the right.
func (l workerView) workerPage(r *report.Report, v *report.Variant, w *diagnose.Worker, scroll, width, h int) string {
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
	return head + "\n" + beside(l.scrolled("why", obstacles(l).heldUp(v, w, now, left-2), scroll, left, rest),
		l.scrolled("threads", threadView(l).threads(w), scroll, width-left, rest)) + tail
}

// insideLines are all of it, one below the other.
func (l workerView) insideLines(v *report.Variant, w *diagnose.Worker, now time.Duration, width int) []string {
	lines := slices.Concat(l.facts(v, w, now, width), []string{""}, obstacles(l).heldUp(v, w, now, width), []string{""}, threadView(l).threads(w))
	return append(append(lines, "", " "+l.in(title, logName(w))), l.logLines(v, w, mostTold)...)
}

func logName(w *diagnose.Worker) string {
	return fmt.Sprintf("the server's log about worker %d, its newest lines", w.Place)
}

// logHeight is how high the pane of the log is below why and threads, which have two thirds of the rows at least; 0:
// there is no room, or nothing to show.
func logHeight(v *report.Variant, w *diagnose.Worker, rows int) int {
	n := len(v.LogOf(w, mostTold))
	if h := min(n+2, rows/3); n > 0 && h >= 4 {
		return h
	}
	return 0
}

// logLines are the newest lines of the server's log about a worker.
func (l workerView) logLines(v *report.Variant, w *diagnose.Worker, most int) []string {
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
		lines = append(lines, " "+l.in(dim, words.Moment(line.At))+"  "+who+l.text(line.Text))
	}
	return lines
}

// facts are the figures of a worker, and its lane.
func (l workerView) facts(v *report.Variant, w *diagnose.Worker, now time.Duration, width int) []string {
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
		" " + l.stateOf(w) + forHow(report.ShownSince(w, now)) + "   " + inside,
		" " + tasks + fact("connections", connections) + fact("heartbeat", beat),
		" " + fact("cpu", words.Percent(w.CPU)) + fact("memory", words.ShortSize(w.RSS)) + fact("descriptors", files) +
			fact("restarts", fmt.Sprint(max(w.Lives-1, 0))),
	}
	if cells := width - 2; cells >= 10 {
		a := axisOf(v, now, cells)
		lines = append(lines, " "+l.rule(v, a, now, " "), " "+workerTable(l).lane(w.Lane, a, now))
	}
	return lines
}

func forHow(long string) string {
	if long == "" {
		return ""
	}
	return " for " + long
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
