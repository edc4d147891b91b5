package diagnose

import "time"

// leaveTogether is how far apart the ends of workers lie at most that all leave at one word of their arbiter.
const leaveTogether = 500 * time.Millisecond

// reloads decides about those that left a moment ago. Where all of the server's workers went together and their arbiter
// lives on, it was a reload; else each is a death.
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
