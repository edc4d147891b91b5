package diagnose

import (
	"math"
	"time"
)

// restful is the share of a processor below which a process does nothing but look after itself.
const restful = 0.05

// innerStall is requests of a program that tells nothing of its own and gives each connection a thread, as databases do:
// more are inside than its threads that run can be at, and none waits for anything outside. A thread may wake up every
// second to look whether its client is still there, so that none of them need stand still for long.
func (f requestFinder) innerStall(p *process) (standstill, bool) {
	if len(p.stacks) > 0 || p.sample.Inside == 0 || !f.whole || f.now-p.lookedAt > f.limits.Stale {
		return standstill{}, false
	}
	doors, running := 0, 0
	var waiting []*threadState
	for _, t := range p.threads {
		switch {
		case !f.fresh(p, t.at):
		case t.Only:
			doors++
		case f.idle(p, t):
			if t.For == "connections" || t.For == "events" {
				return standstill{}, false // it may have the clients in its loop
			}
		case t.running >= 0 && t.at-t.running >= lookTwice:
			running++
		case t.running >= 0: // for a moment, as threads that look after the program do; those that work show in its share
		case t.Syscall == "futex" && f.unowned(p, t):
			waiting = append(waiting, t)
		case keepsHouse(t.Syscall):
		default:
			return standstill{}, false // it says itself what it waits for
		}
	}
	if used, _ := p.shares(); used >= restful { // whoever used it need not run at the moment of the look
		running = max(running, int(math.Ceil(used)))
	}
	if p.madeFor(waiting) >= p.sample.Inside {
		running = 0 // those look after the program
	}
	if doors == 0 || len(waiting) < p.sample.Inside || running >= p.sample.Inside {
		return standstill{}, false
	}
	return standstill{from: max(p.began(), p.seen), work: unset, limit: never, how: waitingInside,
		crowd: p.sample.Inside - running}, true
}

const (
	// connecting is how long before its first request a connection is made at most, with whatever both ends say before.
	connecting = time.Second
	// beginning is how long a program makes threads of its own at its start.
	beginning = 300 * time.Millisecond
)

// madeFor is how many of the outstanding requests have one of these threads that was made when their connection was,
// after the program's own: each serves that one.
func (p *process) madeFor(threads []*threadState) (n int) {
	first := p.threads[p.pid]
	if first == nil {
		return 0
	}
	taken := map[*threadState]bool{}
	for _, age := range p.sample.Ages {
		came := p.sampledAt - age
		for _, t := range threads {
			made := t.at - t.Age
			if !taken[t] && made > first.at-first.Age+beginning && made >= came-connecting && made <= came {
				taken[t] = true
				n++
				break
			}
		}
	}
	return n
}

// anyRuns says whether a thread was found running at the last looks.
func (p *process) anyRuns() bool {
	for _, t := range p.threads {
		if t.running >= 0 {
			return true
		}
	}
	return false
}

// keepsHouse says whether a system call is one in which a thread waits for a signal, for time, or for requests to disks
// of the whole program to end: it serves nobody.
func keepsHouse(call string) bool {
	switch call {
	case "rt_sigtimedwait", "nanosleep", "clock_nanosleep", "io_uring_enter", "io_getevents":
		return true
	}
	return false
}
