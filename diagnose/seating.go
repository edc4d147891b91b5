package diagnose

import (
	"maps"
	"slices"
	"time"

	"github.com/hangtime-dev/hangtime/history"
)

// sameMoment is how far apart births and deaths are recorded at most that happened at one moment, in an order that
// nobody knows.
const sameMoment = time.Second

// seen gives a process that was found its place.
func (f *server) seen(at time.Duration, ev history.WorkerSeen) {
	if f.alive(ev.PID) != nil {
		return
	}
	if f.attached {
		at = min(ev.Born, at) // it may have stood still long before anybody looked: what is known of that time counts
	} else {
		at = max(ev.Born, at-f.limits.Recent, 0)
	}
	p := newProcess(ev.PID, ev.Worker, at)
	p.found, p.noListener = f.now, ev.NoListener
	f.processes[ev.PID] = p
	f.seat(p, f.vacant(ev.Worker))
}

// vacant is the place for a newcomer: the one that the history names, or the lowest empty one where that is taken, or
// would be a new one beside an empty one.
func (f *server) vacant(number int) int {
	if pl := f.places[number]; pl != nil && pl.now.gone {
		return number
	}
	for _, n := range slices.Sorted(maps.Keys(f.places)) {
		if f.places[n].now.gone {
			return n
		}
	}
	for f.places[number] != nil {
		number++
	}
	return number
}

// seat gives a process a place that is empty or new.
func (f *server) seat(p *process, number int) {
	pl := f.places[number]
	if pl == nil {
		pl = &workerPlace{number: number, cell: int64(f.now / LaneStep)}
		f.places[number] = pl
	}
	pl.before, pl.now, pl.gone, pl.closed = pl.now, p, unset, false
	pl.lives++
	p.place = number
	pl.note(p.state)
}

// refill gives the place of one that has just died to a successor that was found a moment before that death: places do
// not depend on which of the two was recorded first.
func (f *server) refill(dead *process) {
	var next *process
	for _, q := range f.processes {
		fresh := !q.gone && f.now-q.found <= sameMoment && q.seen > dead.seen+sameMoment // else they are the births of one boot
		if fresh && q.hang == nil && q.hung == nil && q.place > dead.place && (next == nil || q.place > next.place) {
			next = q
		}
	}
	if next == nil {
		return
	}
	left := f.places[next.place]
	if left.lives--; left.before == nil {
		delete(f.places, left.number)
	} else {
		left.now, left.before = left.before, nil
	}
	f.seat(next, dead.place)
}

// shrinks closes places that their processes left as they were meant to, and that nobody has taken since: the pool is
// smaller.
func (f *server) shrinks(now time.Duration) {
	if f.ending >= 0 {
		return
	}
	for _, pl := range f.places {
		if pl.now.gone && pl.gone != unset && now-pl.gone >= f.limits.Settle && f.anyAlive() {
			pl.closed = true
		}
	}
}

// vacated notes that a process left as it was meant to.
func (f *server) vacated(p *process, at time.Duration) {
	if pl := f.places[p.place]; pl.now == p {
		pl.gone = at
	}
}

// lanes closes the cells that are over by now. A pause longer than a lane is all the same state.
func (f *server) lanes() {
	cell := int64(f.now / LaneStep)
	for _, pl := range f.places {
		if pl.cell >= cell {
			continue
		}
		pl.lane = append(pl.lane, pl.worst)
		for range min(cell-pl.cell-1, laneCells) {
			pl.lane = append(pl.lane, pl.now.state)
		}
		if over := len(pl.lane) - (laneCells - 1); over > 0 {
			pl.lane = append(pl.lane[:0], pl.lane[over:]...)
		}
		pl.cell, pl.worst = cell, pl.now.state
	}
}
