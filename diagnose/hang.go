package diagnose

import (
	"slices"
	"time"
)

// fell makes a process that has just been found hung a victim of the incident with its cause, or of a new one.
func (cb *casebook) fell(p *process) {
	if cb.ending >= 0 && p.stall.from >= cb.ending {
		return // it is being stopped
	}
	in := cb.open(KindHang, p.cause.key())
	if in == nil {
		in = cb.begin(Incident{Kind: KindHang, Cause: p.cause.clone(), Symptom: p.suspected, Began: p.stall.from,
			Detected: cb.now})
		if in == nil {
			return
		}
	}
	cb.join(in, p)
}

// open finds the story with this key that is not over.
func (cb *casebook) open(kind, key string) *incident {
	for _, in := range slices.Backward(cb.incidents) {
		if in.Kind == kind && in.key == key && in.Recovered < 0 {
			return in
		}
	}
	return nil
}

// begin opens an incident, unless there are too many.
func (cb *casebook) begin(first Incident) *incident {
	if len(cb.incidents) >= cb.limits.Incidents {
		return nil
	}
	cb.nextID++
	first.ID = cb.nextID
	first.Injected, first.Ended, first.Recovered = -1, -1, -1
	in := &incident{Incident: first, key: first.Cause.key()}
	for _, one := range cb.failures {
		if one.to > first.Began {
			in.Cost.Failed += one.n
		}
	}
	cb.incidents = append(cb.incidents, in)
	return in
}

func (cb *casebook) join(in *incident, p *process) {
	in.Victims = append(in.Victims, Victim{Place: p.place, PID: p.pid, From: p.stall.from, To: -1})
	in.Ended = -1
	in.Began = min(in.Began, p.stall.from)
	in.Symptom = min(in.Symptom, p.suspected)
	p.hang = in
	if in.Cause.Kind == p.cause.Kind && p.cause.better(in.Cause) {
		in.Cause = p.cause.clone()
	}
	cb.blame(in, p)
}

// known takes what was learnt since of a process that is a victim already.
func (cb *casebook) known(p *process) {
	in := p.hang
	i := in.part(p.pid)
	in.Victims[i].From = p.stall.from
	in.Began = p.stall.from
	for _, v := range in.Victims {
		in.Began = min(in.Began, v.From)
	}
	if p.cause.key() == in.key {
		if p.cause.better(in.Cause) {
			in.Cause = p.cause.clone()
		}
		return
	}
	refined := p.cause.Kind == CausePolling || p.cause.Kind == in.Cause.Kind && in.Cause.Inode == 0
	// What the wait is for a database knows better, and it tells it a moment later: of all that wait for its answers.
	asked := p.cause.Kind == CauseDatabase && in.Cause.Kind != CauseDatabase
	if in.Cause.Kind != CauseUnknown && !asked && !(refined && len(in.Victims) == 1) {
		return
	}
	// The cause was not known before. Where its story has been told already, this worker belongs there.
	if other := cb.open(KindHang, p.cause.key()); other != nil {
		in.Victims = slices.Delete(in.Victims, i, i+1)
		if len(in.Victims) == 0 {
			cb.incidents = slices.DeleteFunc(cb.incidents, func(one *incident) bool { return one == in })
		} else {
			in.close(cb.now)
		}
		cb.join(other, p)
		return
	}
	in.Cause, in.key = p.cause.clone(), p.cause.key()
	cb.blame(in, p)
}

// moved ends a victim's part: it makes progress again.
func (cb *casebook) moved(p *process) { cb.leave(p, cb.now, "recovered") }

// leave ends a victim's part, however.
func (cb *casebook) leave(p *process, at time.Duration, end string) {
	in := p.hang
	i := in.part(p.pid)
	in.Victims[i].To, in.Victims[i].End = max(at, in.Victims[i].From), end
	p.hang, p.hung, p.cause, p.hungTo = nil, in, nil, at
	in.close(at)
}

// recovered closes the stories of which every place has a worker that makes progress again.
func (cb *casebook) recovered() {
	for _, in := range cb.incidents {
		if in.Ended < 0 || in.Recovered >= 0 {
			continue
		}
		well := true
		for _, v := range in.Victims {
			well = well && cb.wellSince(v.Place, v.To)
		}
		if well {
			in.Recovered = cb.now
		}
	}
}

// wellSince says whether the worker at a place has made progress since, or has had nothing to do for a while.
func (cb *casebook) wellSince(number int, since time.Duration) bool {
	pl := cb.places[number]
	if pl == nil {
		return true // there is no such place any more
	}
	p := pl.now
	if p.gone || p.state != Idle && p.state != Busy {
		return false
	}
	if p.seen < since && max(p.answered, p.ended) >= since || p.seen >= since && max(p.answered, p.ended) > p.seen {
		return true
	}
	return p.state == Idle && cb.now-max(p.since, since) >= cb.limits.Settle
}
