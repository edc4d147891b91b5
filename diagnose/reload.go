package diagnose

import (
	"time"

	"github.com/hangtime-dev/hangtime/history"
)

// A leaver is a process that ended as one does that was asked to, while nobody was heard to ask.
type leaver struct {
	process *process
	record  history.Record
	gone    history.WorkerGone
}

// leaveTogether is how far apart the ends of workers lie at most that all leave at one word of their arbiter.
const leaveTogether = 500 * time.Millisecond

// reloadSpan is how long before the end of a worker its successor is started at most: the worker may take until its graceful timeout to end what it has.
const reloadSpan = time.Minute

// asked says whether a process ended in a way in which one ends that was asked to leave.
func asked(ev history.WorkerGone) bool {
	switch ev.Signal {
	case "":
		return ev.Code == 0 && !ev.Unknown
	case "SIGTERM", "SIGQUIT", "SIGINT", "SIGHUP", "SIGWINCH", "SIGUSR1", "SIGUSR2":
		return true
	}
	return false
}

// succeeded says whether a younger worker stands there already: a graceful reload starts the new ones first (gunicorn's HUP, nginx's and Apache's reload, puma's phased restart).
func (f *server) succeeded(p *process) bool {
	for _, q := range f.processes {
		if !q.gone && q.seen > max(p.seen+tickStep, f.now-reloadSpan) {
			return true
		}
	}
	return false
}

// reloads decides about those that left a moment ago. Where all of the server's workers went together and their arbiter lives on, it was a reload; else each is a death.
func (f *coroner) reloads(now time.Duration) {
	if len(f.leavers) == 0 || now-f.leavers[0].record.At < leaveTogether {
		return
	}
	first := f.leavers[0].record.At
	together := len(f.leavers) > 1
	for _, p := range f.processes {
		if !p.gone && p.seen < first {
			together = false // one of the same generation stayed
		}
	}
	left := f.leavers
	f.leavers = nil
	for _, one := range left {
		switch {
		case f.ending >= 0:
		case together || f.succeeded(one.process):
			f.vacated(one.process, one.record.At)
		default:
			f.crash(one.process, one.record, one.gone, "")
		}
	}
}
