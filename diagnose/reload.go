package diagnose

import "time"

// leaveTogether is how far apart the ends of workers lie at most that all leave at one word of their arbiter.
const leaveTogether = 500 * time.Millisecond

// reloads decides about those that left a moment ago. Where all of the server's workers went together and their arbiter
// lives on, it was a reload; else each is a death.
func (co *coroner) reloads(now time.Duration) {
	if len(co.leavers) == 0 || now-co.leavers[0].record.At < leaveTogether {
		return
	}
	first := co.leavers[0].record.At
	together := len(co.leavers) > 1
	for _, p := range co.processes {
		if !p.gone && p.seen < first {
			together = false // one of the same generation stayed
		}
	}
	left := co.leavers
	co.leavers = nil
	for _, one := range left {
		switch {
		case co.ending >= 0:
		case together || co.succeeded(one.process):
			co.vacated(one.process, one.record.At)
		default:
			co.crash(one.process, one.record, one.gone, "")
		}
	}
}
