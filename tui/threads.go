package tui

import (
	"fmt"
	"slices"

	"github.com/hangtime-dev/hangtime/diagnose"
	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/report"
	"github.com/hangtime-dev/hangtime/words"
)

// A threadView draws what the threads of a worker do.
type threadView struct{ *look }

// threads lists what each thread is in: those that are stuck first, with their stacks.
func (l threadView) threads(w *diagnose.Worker) []string {
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
		lines = append(lines, " "+l.in(as, fmt.Sprintf("%s (%d)", name, t.TID))+
			l.in(dim, fmt.Sprintf("  %s, still for %s%s", report.ThreadState(t.State), words.Short(t.Still), note)))
		if t.Syscall != "" {
			lines = append(lines, "   "+l.text(t.Syscall)+l.in(dim, "(")+
				l.text(report.Folders.ReplaceAllString(t.Args, l.glyphs.more+"/"))+l.in(dim, ")"))
		}
		for _, stack := range w.Stacks {
			if stack.TID != t.TID {
				continue
			}
			for _, frame := range stack.Frames {
				lines = append(lines, "     "+l.text(frame))
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
