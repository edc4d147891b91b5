package verdict

import (
	"time"

	"github.com/hangtime-dev/hangtime/history"
)

// A pool is the places of a server's workers: who died, and who took whose place. A birth may be seen before the death
// that it makes good, and then has a place of its own: the place that its predecessor leaves is none any more.
type pool struct {
	places   map[int]*place
	deaths   int           // under load
	replaced time.Duration // the longest that a place was empty under load; -1: none was filled again
}

type place struct {
	pid  int
	died time.Duration // -1: it lives
	// early is when it was made by a worker that was born under load beside a full pool, and -1 once that is known to
	// have taken the place of one that died, or was never so.
	early time.Duration
}

// earliest is how long before a death the birth of its successor may have been seen at most.
const earliest = 2 * time.Second

func newPool() pool { return pool{places: map[int]*place{}, replaced: -1} }

func (p *pool) seen(at time.Duration, ev history.WorkerSeen, loaded bool) {
	one := p.places[ev.Worker]
	if one == nil {
		one = &place{died: -1, early: -1}
		if number, empty := p.longestEmpty(); empty != nil {
			one.died = empty.died // it takes the place of that one, under the number of one that was taken before its time
			delete(p.places, number)
		} else if loaded {
			one.early = at
		}
		p.places[ev.Worker] = one
	}
	if one.died >= 0 && loaded {
		p.replaced = max(p.replaced, at-one.died)
	}
	one.pid, one.died = ev.PID, -1
}

func (p *pool) gone(at time.Duration, ev history.WorkerGone, loaded bool) {
	if loaded {
		p.deaths++
	}
	one := p.places[ev.Worker]
	if one == nil || one.pid != ev.PID {
		return
	}
	one.died = at
	if successor := p.bornBefore(at, ev.Worker); successor != nil && loaded {
		successor.early = -1
		p.replaced = max(p.replaced, 0)
		delete(p.places, ev.Worker)
	}
}

// released takes out the place of a process that is no worker.
func (p *pool) released(ev history.WorkerReleased) {
	if one := p.places[ev.Worker]; one != nil && one.pid == ev.PID {
		delete(p.places, ev.Worker)
	}
}

// bornBefore is the place of the worker that was born first of those that may have taken the place of one that dies
// now; nil: there is none.
func (p *pool) bornBefore(at time.Duration, dead int) *place {
	var first *place
	for number, one := range p.places {
		if number == dead || one.died >= 0 || one.early < 0 || at-one.early > earliest {
			continue
		}
		if first == nil || one.early < first.early || one.early == first.early && one.pid < first.pid {
			first = one
		}
	}
	return first
}

// longestEmpty is the place whose worker died first of those that nobody took since; nil: there is none.
func (p *pool) longestEmpty() (number int, first *place) {
	for n, one := range p.places {
		if one.died >= 0 && (first == nil || one.died < first.died || one.died == first.died && n < number) {
			number, first = n, one
		}
	}
	return number, first
}

// missing is how many places are empty.
func (p *pool) missing() int {
	n := 0
	for _, one := range p.places {
		if one.died >= 0 {
			n++
		}
	}
	return n
}
