package diagnose

import (
	"slices"
	"time"

	"github.com/hangtime-dev/hangtime/history"
)

// maxPorts bounds how many connections of one incident are remembered; further ones are counted only as they are seen
// inside.
const maxPorts = 20_000

// lateLosses is how long after an incident's end lost tasks still count for it: a client asks for an old task once a
// second, and gives one of which nobody knows another second.
const lateLosses = 5 * time.Second

const maxFailures = 256

// inside notes which connections are inside a victim now.
func (in *incident) inside(p *process, now time.Duration) {
	if in.ports == nil {
		in.ports = map[int]stay{}
	}
	for _, port := range p.sample.Ports {
		known, ok := in.ports[port]
		if !ok && len(in.ports) >= maxPorts {
			continue
		}
		if !ok {
			known.from = p.stall.from
		}
		known.to = now
		in.ports[port] = known
	}
	// A sample names at most 16 ports; what is inside beyond them is counted by its number.
	if over := p.sample.Inside - len(p.sample.Ports); over > in.unnamed[p.pid] {
		if in.unnamed == nil {
			in.unnamed = map[int]int{}
		}
		in.unnamed[p.pid] = over
	}
	in.Cost.Inside = len(in.ports)
	for _, n := range in.unnamed {
		in.Cost.Inside += n
	}
}

// hit joins a single hit to the incidents in whose victims its connection was while it waited.
func (cb *casebook) hit(ev history.Hit) {
	if ev.Port == 0 {
		return
	}
	for _, in := range cb.incidents {
		st, ok := in.ports[ev.Port]
		if !ok || ev.Sent > st.to || ev.Sent+ev.Took < st.from {
			continue
		}
		in.Cost.Joined++
		in.Cost.Slowest = max(in.Cost.Slowest, ev.Sent+ev.Took-ev.Due)
	}
}

// hits counts failed hits for the incidents in whose time they were due.
func (cb *casebook) hits(ev history.HitWindow) {
	var failed uint64
	for _, n := range ev.Errors {
		failed += n
	}
	if failed == 0 {
		return
	}
	cb.failures = append(cb.failures, failure{ev.Due + ev.Width, failed})
	if len(cb.failures) > maxFailures {
		cb.failures = cb.failures[1:]
	}
	for _, in := range cb.incidents {
		end := in.Ended
		if end < 0 {
			end = cb.now
		}
		if ev.Due+ev.Width > in.Began && ev.Due <= end {
			in.Cost.Failed += failed
		}
	}
}

// losses counts a lost task for the incident that its worker was a victim of; where it is not known which worker had
// it, for those that are not long over.
func (cb *casebook) losses(ev history.Ledger) {
	more := less(ev.Lost, cb.lost)
	cb.lost = ev.Lost
	for _, by := range ev.LostBy {
		n := less(by.Lost, cb.lostBy[by.PID])
		if in := cb.lastOf(by.PID); n > 0 && in != nil {
			in.Cost.Lost += n
			more = less(more, n)
		}
		cb.lostBy[by.PID] = by.Lost
	}
	if more == 0 {
		return
	}
	for _, in := range cb.incidents {
		if in.Ended < 0 || cb.now-in.Ended <= lateLosses {
			in.Cost.Lost += more
		}
	}
}

// lastOf is the newest incident that a process was a victim of; nil: none.
func (cb *casebook) lastOf(pid int) *Incident {
	for _, in := range slices.Backward(cb.incidents) {
		if slices.ContainsFunc(in.Victims, func(v Victim) bool { return v.PID == pid }) {
			return &in.Incident
		}
	}
	return nil
}

// unaccepted counts connections that the kernel dropped for the incidents that are not long over.
func (cb *casebook) unaccepted(at time.Duration, dropped uint64) {
	for _, in := range cb.incidents {
		if in.Ended < 0 || at-in.Ended <= cb.limits.Settle {
			in.Cost.Dropped += dropped
		}
	}
}
