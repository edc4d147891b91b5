package diagnose

import "time"

// arrived is when the request came for which a thread waits in a futex, of a program that tells nothing of its own: one
// that is inside, and that came a moment before the thread began to stand still. Others of such a program that wait in a
// futex rest.
func (v sight) arrived(p *process, t *threadState) (at time.Duration, known bool) {
	if len(p.stacks) > 0 || t.running >= 0 || !v.unowned(p, t) {
		return 0, false
	}
	for _, age := range p.sample.Ages {
		at := p.sampledAt - age
		if after := t.from - at; after >= -v.limits.Slack && after <= closerLook {
			return at, true
		}
	}
	return 0, false
}
