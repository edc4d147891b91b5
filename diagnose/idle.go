package diagnose

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/hangtime-dev/hangtime/history"
)

// An idleness tells which threads of a process wait for work, and which stand still without that.
type idleness struct{ activity }

// idle says whether a thread is proven to wait for work: by the set of descriptors that it waits for, or by the place
// in its code.
func (v idleness) idle(p *process, t *threadState) bool {
	if st := v.stackOf(p, t); st != nil && st.Idle && !(onlyLoops(p, st) && v.alone(p)) {
		return true
	}
	if v.engaged(p, t) {
		return false
	}
	o := v.behind(p, t.TID, v.now)
	return t.Idle && (o == nil || !o.real()) || o != nil && o.owed() && !v.waiting() && !asks(p, o) || v.parks(p, t)
}

// engaged says whether the code of a thread is at work while the kernel sees it wait for events alone: it is in a request,
// in a job of its pool, in a turn of its loop or in the own course of a program. Only a wait below which none of these
// stands may be that of a loop.
func (v idleness) engaged(p *process, t *threadState) bool {
	if st := p.stacks[t.TID]; t.For == "events" && st != nil && !st.Idle && v.inCourse(p, st) {
		return true // its runtime waits with a wake-up of its own, whatever its code waits for
	}
	st := v.stackOf(p, t)
	if t.For != "events" || st == nil || st.Idle || st.Kind == "goroutine" { // which is tied to no thread
		return false
	}
	if st.Request == nil && (st.Own == 0 || !st.Pool && !st.Turn) {
		return false
	}
	// A loop may have ended the turn since it was read; who is in no turn, and was found there before, wakes up to wait
	// again.
	return t.running < 0 && st.at >= t.from-v.limits.Slack || !st.Turn && (st.first < st.at || t.placed != unset)
}

// asks says whether the client at whose connection a thread waits has a request outstanding, or may have one.
func asks(p *process, o *obstacle) bool {
	ev, _ := o.event.(history.SocketWait)
	at, err := netip.ParseAddrPort(ev.Remote)
	return err != nil || len(p.sample.Ports) < p.sample.Inside || slices.Contains(p.sample.Ports, int(at.Port()))
}

// parks says whether a thread waits in a futex beside one of its name whose loop waits for connections, in a program
// that tells nothing of its own: threads that run one loop by turns, such as tokio's, park so. It may be a lock as well.
func (v idleness) parks(p *process, t *threadState) bool {
	if t.Syscall != "futex" || len(p.stacks) > 0 {
		return false
	}
	for _, other := range p.threads {
		if other.TID != t.TID && other.Name == t.Name && other.Idle && other.For == "connections" &&
			strings.HasPrefix(other.Syscall, "epoll") && v.fresh(p, other.at) {
			return true
		}
	}
	return false
}

// idles says whether the thread that would serve waits for events, seen lately.
func (v idleness) idles(p *process) bool {
	for _, t := range p.threads {
		if r := p.roleOf(t.ThreadSample); v.fresh(p, t.at) && v.idle(p, t) &&
			(r == loopThread || r == mainThread || t.For == "connections") {
			return true
		}
	}
	return false
}
