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
func (sv *server) seen(at time.Duration, ev history.WorkerSeen) {
	if sv.alive(ev.PID) != nil {
		return
	}
	if sv.attached {
		at = min(ev.Born, at) // it may have stood still long before anybody looked: what is known of that time counts
	} else {
		at = max(ev.Born, at-sv.limits.Recent, 0)
	}
	p := newProcess(ev.PID, ev.Worker, at)
	p.found, p.noListener = sv.now, ev.NoListener
	sv.processes[ev.PID] = p
	sv.seat(p, sv.vacant(ev.Worker))
}

// vacant is the place for a newcomer: the one that the history names, or the lowest empty one where that is taken, or
// would be a new one beside an empty one.
func (sv *server) vacant(number int) int {
	if pl := sv.places[number]; pl != nil && pl.now.gone {
		return number
	}
	for _, n := range slices.Sorted(maps.Keys(sv.places)) {
		if sv.places[n].now.gone {
			return n
		}
	}
	for sv.places[number] != nil {
		number++
	}
	return number
}

// seat gives a process a place that is empty or new.
func (sv *server) seat(p *process, number int) {
	pl := sv.places[number]
	if pl == nil {
		pl = &workerPlace{number: number, cell: int64(sv.now / LaneStep)}
		sv.places[number] = pl
	}
	pl.before, pl.now, pl.gone, pl.closed = pl.now, p, unset, false
	pl.lives++
	p.place = number
	pl.note(p.state)
}

// refill gives the place of one that has just died to a successor that was found a moment before that death: places do
// not depend on which of the two was recorded first.
func (sv *server) refill(dead *process) {
	var next *process
	for _, q := range sv.processes {
		// Else they are the births of one boot.
		fresh := !q.gone && sv.now-q.found <= sameMoment && q.seen > dead.seen+sameMoment
		if fresh && q.hang == nil && q.hung == nil && q.place > dead.place && (next == nil || q.place > next.place) {
			next = q
		}
	}
	if next == nil {
		return
	}
	left := sv.places[next.place]
	if left.lives--; left.before == nil {
		delete(sv.places, left.number)
	} else {
		left.now, left.before = left.before, nil
	}
	sv.seat(next, dead.place)
}

// shrinks closes places that their processes left as they were meant to, and that nobody has taken since: the pool is
// smaller.
func (sv *server) shrinks(now time.Duration) {
	if sv.ending >= 0 {
		return
	}
	for _, pl := range sv.places {
		if pl.now.gone && pl.gone != unset && now-pl.gone >= sv.limits.Settle && sv.anyAlive() {
			pl.closed = true
		}
	}
}

// vacated notes that a process left as it was meant to.
func (sv *server) vacated(p *process, at time.Duration) {
	if pl := sv.places[p.place]; pl != nil && pl.now == p {
		pl.gone = at
	}
}

// lanes closes the cells that are over by now. A pause longer than a lane is all the same state.
func (sv *server) lanes() {
	cell := int64(sv.now / LaneStep)
	for _, pl := range sv.places {
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
