package diagnose

import (
	"slices"
	"time"
)

// processor is the processor time that a process used and waited for.
type processor struct {
	cpu      []usage       // over the last second or so, oldest first
	busyFrom time.Duration // since when it computes, by its account; -1: it does not
	partly   time.Duration // how much of the time between the last two samples before that it computed
}

// usage is processor time used and waited for, up to a moment.
type usage struct{ at, used, delayed time.Duration }

// computed takes what it used between two samples. Whoever begins to compute between two samples goes on to the second:
// what it used is counted back from there, and from one sample to the one before where it used nearly all between them.
func (p *processor) computed(now usage, busy float64) {
	if len(p.cpu) == 0 {
		return
	}
	last := p.cpu[len(p.cpu)-1]
	span, ran := now.at-last.at, now.used+now.delayed-last.used-last.delayed
	switch {
	case span <= 0:
	case float64(ran) < busy*float64(span):
		p.busyFrom, p.partly = -1, max(ran, 0)
	case p.busyFrom < 0:
		p.busyFrom = now.at - min(ran, span)
		if float64(ran) >= 0.95*float64(span) {
			p.busyFrom = last.at - p.partly
		}
	}
}

// shares are the parts of the last second in which it ran, summed over its threads, and in which they were ready and
// had no processor.
func (p *processor) shares() (used, delayed float64) { return p.sharesSince(-1) }

// sharesSince are the same since a moment within the last second.
func (p *processor) sharesSince(since time.Duration) (used, delayed float64) {
	i := slices.IndexFunc(p.cpu, func(u usage) bool { return u.at >= since })
	if i < 0 || i == len(p.cpu)-1 {
		return 0, 0
	}
	first, last := p.cpu[i], p.cpu[len(p.cpu)-1]
	span := last.at - first.at
	if span <= 0 {
		return 0, 0
	}
	return max(0, float64(last.used-first.used)/float64(span)), max(0, float64(last.delayed-first.delayed)/float64(span))
}
