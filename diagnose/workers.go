package diagnose

import (
	"maps"
	"slices"

	"github.com/hangtime-dev/hangtime/history"
)

// Workers are all places, by number.
func (f *Fold) Workers() []Worker {
	var all []Worker
	for _, n := range slices.Sorted(maps.Keys(f.places)) {
		pl := f.places[n]
		if pl.closed {
			continue
		}
		p := pl.now
		all = append(all, Worker{
			Identity:  Identity{Place: n, PID: p.pid, Lives: pl.lives, Fresh: p.noListener && f.now-p.seen < f.limits.Young},
			Condition: f.condition(p, pl), Load: f.load(p), Resources: p.resources(), Snapshot: f.snapshot(p),
		})
	}
	return all
}

// condition is how the process is that has a place.
func (f *Fold) condition(p *process, pl *workerPlace) Condition {
	c := Condition{State: p.state, Since: p.since, Lane: append(slices.Clone(pl.lane), pl.worst)}
	if p.cause != nil {
		cause := p.cause.clone()
		c.Cause = &cause
	}
	if p.gone {
		return c
	}
	c.Label, c.Reason = p.label, p.unseen
	c.Undecided = f.unlooked(p) || p.undecided && p.state == Busy || f.outdated(p) && (p.state == Busy || p.state == Unknown) ||
		f.justFound(p) && p.state == Unknown || f.glimpsed(p) && p.state == Busy
	c.Least = p.sample.LeastAge || p.state == Hung && p.sample.Inside == 0 && p.stall.least
	if p.label == Slow && p.cause != nil {
		c.Held = f.now - p.stall.since()
	}
	c.Old = p.label == Slow && f.limits.HangAfter > 0 && p.sample.Inside > 0 && f.now-p.began() >= f.limits.HangAfter
	return c
}

// load is what is asked of a process; of one that is gone, nothing is.
func (f *Fold) load(p *process) Load {
	l := Load{Flows: p.earliest >= p.found && f.now-p.answered < f.limits.Pool}
	if p.gone {
		return l
	}
	l.Inside, l.Silent, l.Ports = p.sample.Inside, p.sample.Silent, slices.Clone(p.sample.Ports)
	l.Served = p.sample.Inside + p.sample.Idle + p.sample.Silent
	l.Requests = requestsOf(f.sight, p)
	if p.sample.Inside > 0 {
		l.Oldest = f.now - p.began()
	}
	if l.OpenTasks = p.open; p.open > 0 {
		l.OldestTask = f.now - p.openFrom
	}
	return l
}

// resources are what it took when it was last seen.
func (p *process) resources() Resources {
	r := Resources{RSS: p.sample.RSS, FilesMost: p.files.Limit}
	if !p.gone {
		r.CPU, _ = p.shares()
		r.Files = p.files.Open
	}
	return r
}

// snapshot is what its threads were at, also those of a process that is gone.
func (f *Fold) snapshot(p *process) Snapshot {
	s := Snapshot{Looked: p.lookedAt != unset, Beat: -1}
	if !p.gone {
		s.Awaits = awaits(f.sight, p)
		if p.beatAt >= 0 {
			s.Beat = p.beat.Age + f.now - p.beatAt
		}
	}
	for _, tid := range slices.Sorted(maps.Keys(p.threads)) {
		s.Threads = append(s.Threads, p.threads[tid].ThreadSample)
	}
	for _, tid := range slices.Sorted(maps.Keys(p.obstacles)) {
		if lock, ok := p.obstacles[tid].event.(history.LockWait); ok && !lock.Polled {
			s.Waits = append(s.Waits, lock)
		}
	}
	for _, tid := range slices.Sorted(maps.Keys(p.stacks)) {
		s.Stacks = append(s.Stacks, p.stacks[tid].Stack)
	}
	return s
}
