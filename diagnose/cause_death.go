package diagnose

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/words"
)

// exitCode says what a worker means by its exit code where servers agree (gunicorn: WORKER_BOOT_ERROR, APP_LOAD_ERROR).
func exitCode(code int) string {
	switch code {
	case 3:
		return "could not boot"
	case 4:
		return "could not load its application"
	}
	return ""
}

// selfInflicted says whether a signal is one that a process raises by what it does itself (signal(7)).
func selfInflicted(signal string) bool {
	return slices.Contains([]string{"SIGSEGV", "SIGBUS", "SIGFPE", "SIGILL", "SIGSYS", "SIGTRAP", "SIGXCPU",
		"SIGXFSZ"}, signal)
}

func causeOfKill(ev history.WorkerGone, by string) Cause {
	c := Cause{Kind: CauseKilled, Confidence: Proven, Short: ev.Signal, Sentence: "killed by " + ev.Signal}
	switch {
	case by != "":
		c.Short += " from " + by
		c.Sentence += " from " + by
		if by == byArbiterInferred {
			c.Confidence = Likely
			c.Sentence += ": it had hung until then, without a sign of life; who sent it could not be seen"
		}
	case selfInflicted(ev.Signal):
		c.Sentence += ", which its own fault raised"
	default:
		c.Confidence = Likely
		c.Sentence += "; who sent it could not be seen"
	}
	return c
}

// timedOut tells an exit that the arbiter asked for from one that the worker came to by itself.
func (sv *server) timedOut(p *process, c *Cause) {
	for _, s := range slices.Backward(p.signals) {
		if s.by != "arbiter" || s.signal != "SIGABRT" {
			continue
		}
		c.Kind, c.Short = CauseKilled, c.Short+" after SIGABRT from arbiter"
		c.Sentence = "its arbiter sent it SIGABRT for its silence and it left; why it was silent was not seen"
		if p.label == Starved || p.label == Throttled {
			c.Sentence = "its arbiter sent it SIGABRT for its silence and it left; it was " + string(p.label) +
				": ready to run, and without a processor"
		}
		return
	}
}

// death is the cause of a crash.
func (sv *server) death(p *process, ev history.WorkerGone, by string) Cause {
	c := Cause{Kind: CauseExited, Confidence: Proven, Short: fmt.Sprintf("exit code %d", ev.Code),
		Sentence: fmt.Sprintf("it ended by itself with exit code %d", ev.Code)}
	switch code := exitCode(ev.Code); {
	case ev.Unknown:
		c = Cause{Kind: CauseUnknown, Confidence: Guess, Short: "gone",
			Sentence: "it is gone with work undone; how it ended could not be seen"}
	case sv.outOfMemory(p, ev):
		c = Cause{Kind: CauseMemory, Confidence: Proven, Short: "killed for its memory",
			Sentence: "killed by the kernel, out of memory"}
		if limit := p.group.MemoryLimit; limit > 0 {
			c.Sentence += fmt.Sprintf(" (it had %s of %s allowed)", words.Size(p.sample.RSS), words.Size(limit))
		}
	case ev.Signal != "":
		c = causeOfKill(ev, by)
	case code != "":
		c.Short += " (" + code + ")"
		c.Sentence += ": " + code
	default:
		sv.timedOut(p, &c)
	}
	if ev.Inferred && c.Confidence == Proven && by != "hangtime" {
		c.Confidence = Likely
	}
	if left := undone(p); left != "" {
		c.Sentence += ", with " + left + " undone"
	}
	if p.queued && (c.Kind == CauseKilled || c.Kind == CauseExited) {
		c.Remedy = "have its queue give a task out again whose process died, and make tasks so that they may be done twice (Celery: acks_late with reject_on_worker_lost; RQ: Retry); what its settings lose is told by hangtime diagnose"
	}
	return c
}

// outOfMemory tells the kernel's kill from the arbiter's, which looks the same in an exit status.
func (sv *server) outOfMemory(p *process, ev history.WorkerGone) bool {
	if ev.Signal != "SIGKILL" || ev.By != "" && !strings.HasPrefix(ev.By, "kernel") {
		return false
	}
	return strings.HasPrefix(ev.By, "kernel") || p.group.kills >= 0 && sv.now-p.group.kills <= sv.limits.Recent &&
		!slices.ContainsFunc(p.signals, func(s sent) bool { return s.by != "kernel" })
}

// undone says what the process had before it when it died; empty: nothing.
func undone(p *process) string {
	var left []string
	if p.sample.Inside > 0 {
		left = append(left, words.Count(p.sample.Inside, "request"))
	}
	if p.open > 0 {
		left = append(left, words.Count(p.open, "task"))
	}
	return strings.Join(left, " and ")
}

// looped is the cause of deaths that follow each other as soon as a process is born.
func looped(in *incident, last Cause) Cause {
	c := Cause{
		Kind: CauseBootLoop, Confidence: Likely, Short: "dies at boot: " + last.Short,
		Evidence: append(slices.Clone(in.Cause.Evidence), last.Evidence...),
		Sentence: "each successor dies as soon as it is born, before it has answered anything (" + last.Short + ")",
	}
	return c
}

// byArbiterInferred is said of a kill that nobody heard, where all speaks for the arbiter's own.
const byArbiterInferred = "arbiter (inferred)"
