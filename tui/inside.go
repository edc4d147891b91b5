package tui

import (
	"fmt"
	"strings"
	"time"

	"github.com/hangtime-dev/hangtime/diagnose"
	"github.com/hangtime-dev/hangtime/report"
)

// workerLines are all that is known of one worker.
func (l *look) workerLines(r *report.Report, v *report.Variant, w *diagnose.Worker) []string {
	fact := func(name, value string) string { return "   " + l.in(dim, pad(name, 11)) + value }
	lines := []string{
		" " + l.in(title, fmt.Sprintf("worker %d", w.Place)) + fmt.Sprintf("  pid %d  ", w.PID) + l.in(stateRole(w.State), string(w.State)) + " for " + span(r.Now-w.Since),
		"",
		fact("inside", fmt.Sprintf("%d requests accepted and not answered, the oldest %s", w.Inside, span(w.Oldest))),
		fact("tasks open", count(uint64(max(w.OpenTasks, 0)))),
		fact("heartbeat", beat(w)),
		fact("processor", fmt.Sprintf("%.0f %% of one", w.CPU*100)),
		fact("memory", size(w.RSS)),
		fact("processes", fmt.Sprintf("%d have had this place", w.Lives)),
	}
	if w.Cause != nil {
		lines = append(lines, "", " "+l.in(title, "cause")+l.in(dim, " ("+string(w.Cause.Confidence)+")"), "   "+w.Cause.Sentence)
		if w.Cause.Remedy != "" {
			lines = append(lines, "   the guide: "+w.Cause.Remedy)
		}
	}
	if len(w.Waits) > 0 {
		lines = append(lines, "", " "+l.in(title, "waits"))
		for _, wait := range w.Waits {
			lines = append(lines, fmt.Sprintf("   thread %d waits %s for %s on %s (inode %d, device %s)", wait.TID, span(wait.Still), wait.Lock, wait.Path, wait.Inode, wait.Device))
			for _, h := range wait.Holders {
				lines = append(lines, fmt.Sprintf("     %s held by pid %d  %s", l.glyphs.holds, h.PID, h.Command))
			}
		}
	}
	if len(w.Threads) > 0 {
		lines = append(lines, "", " "+l.in(title, "threads"))
		for _, t := range w.Threads {
			lines = append(lines, fmt.Sprintf("   %-7d %-15s %s still %-5s %s(%s)", t.TID, t.Name, t.State, span(t.Still), t.Syscall, t.Args))
			if len(t.Stack) > 0 {
				lines = append(lines, l.in(dim, "           "+strings.Join(t.Stack, " < ")))
			}
		}
	}
	for _, in := range v.Incidents {
		for _, victim := range in.Victims {
			if victim.Place == w.Place {
				lines = append(lines, "", " "+l.in(bad, fmt.Sprintf("%s #%d", in.Kind, in.ID))+" from "+stamp(victim.From)+"  "+in.Cause.Short+"  "+victim.End)
			}
		}
	}
	return lines
}

func beat(w *diagnose.Worker) string {
	if w.Beat < 0 {
		return "none is known"
	}
	return span(w.Beat) + " old when last read"
}

// incidentLines are one incident as a page, first symptom to recovery.
func (l *look) incidentLines(r *report.Report, in *diagnose.Incident) []string {
	lines := []string{" " + l.in(bad, fmt.Sprintf("%s #%d", strings.ToUpper(in.Kind), in.ID)) + "  " + in.Cause.Sentence, ""}
	moment := func(name string, t time.Duration, note string) {
		if t >= 0 {
			lines = append(lines, "   "+l.in(dim, pad(name, 12))+stamp(t)+"  "+note)
		}
	}
	moment("injected", in.Injected, in.Fault)
	moment("began", in.Began, "since when no progress was made, by the evidence")
	moment("symptom", in.Symptom, "first suspicion")
	moment("detected", in.Detected, string(in.Cause.Confidence))
	moment("ended", in.Ended, "its last worker moved again or was gone")
	moment("recovered", in.Recovered, "every place has a worker that makes progress")
	lines = append(lines, "", " "+l.in(title, "workers"))
	for _, v := range in.Victims {
		to := v.To
		if to < 0 {
			to = r.Now
		}
		lines = append(lines, fmt.Sprintf("   worker %d (pid %d) stood for %s  %s", v.Place, v.PID, span(to-v.From), v.End))
	}
	if in.Cause.Remedy != "" {
		lines = append(lines, "", " "+l.in(title, "what would have prevented this"), "   "+in.Cause.Remedy)
	}
	return lines
}
