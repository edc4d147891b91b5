package diagnose

import "github.com/hangtime-dev/hangtime/history"

// seat gives a process that was born its place in the pool. The probe gives it the lowest number that no living worker has; but a birth may be seen before the death that
// it makes good, and then has a number of its own, until died finds out. So a number may be taken that the probe holds for free, and a new one may stand for a place that is empty.
func (f *Fold) seat(p *process) {
	pl := f.places[p.place]
	if pl == nil || !pl.now.gone {
		if empty := f.longestEmpty(); empty != nil {
			pl = empty
		} else if pl != nil {
			for pl, p.place = nil, 1; f.places[p.place] != nil; p.place++ {
			}
		}
	}
	if pl == nil {
		pl = &place{number: p.place, cell: int64(f.now / LaneStep), extra: f.phase != "" && f.phase != history.Starting}
		f.places[p.place] = pl
	}
	f.takes(p, pl)
}

func (f *Fold) takes(p *process, pl *place) {
	p.place, pl.now = pl.number, p
	pl.lives++
	pl.note(p.state)
}

// inherit gives the place of a process that has just died to the one that was born first of those that were seen before their time: as many deaths and births are the same
// pool in whatever order they come.
func (f *Fold) inherit(p *process) {
	var first *place
	for _, pl := range f.places {
		if pl.extra && pl.lives == 1 && !pl.now.gone && f.now-pl.now.seen <= f.limits.Recent && (first == nil || pl.now.seen < first.now.seen || pl.now.seen == first.now.seen && pl.number < first.number) {
			first = pl
		}
	}
	if first != nil && f.ending < 0 {
		for _, in := range f.incidents { // it may have hung under its other number
			for i := range in.Victims {
				if in.Victims[i].Place == first.number && in.Victims[i].PID == first.now.pid {
					in.Victims[i].Place = p.place
				}
			}
		}
		delete(f.places, first.number)
		f.takes(first.now, f.places[p.place])
	}
}

// longestEmpty is the place whose worker died first; nil: none is empty.
func (f *Fold) longestEmpty() *place {
	var first *place
	for _, pl := range f.places {
		if pl.now.gone && (first == nil || pl.now.since < first.now.since || pl.now.since == first.now.since && pl.number < first.number) {
			first = pl
		}
	}
	return first
}
