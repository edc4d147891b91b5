package diagnose

import "time"

// A finder finds what keeps a process from progress, of all that may.
type finder struct {
	*server
	sight
	criterion
	taskFinder
	requestFinder
	course
}

// assess finds what keeps the process from progress, if anything does.
func (f finder) assess(p *process) (standstill, bool) {
	if p.helps() {
		return standstill{}, false // who waits for it tells that it does not answer
	}
	switch {
	case p.sampledAt >= 0 && p.sample.State == "t": // a tracer that only looks lets it go on soon
		return standstill{from: f.stoppedSince(p), work: unset, how: byTracer, limit: f.limits.Loop}, true
	case p.sampledAt >= 0 && isStopped(p.sample.State):
		return standstill{from: f.stoppedSince(p), work: unset, how: byStop}, true
	case p.group.frozen >= 0:
		return standstill{from: max(p.group.frozen-p.sample.Still, p.seen), work: unset, how: byFreezer}, true
	case p.group.starved >= 0 && p.sample.State == "D":
		return standstill{from: max(p.sampledAt-p.sample.Still, p.seen), work: unset, how: byMemory}, true
	}
	best, found := standstill{}, false
	for _, look := range []func(*process) (standstill, bool){f.loopStall, f.requestStall, f.taskStall, f.silentStall,
		f.courseStall} {
		if one, ok := look(p); ok && (!found || f.worse(one, best)) {
			best, found = one, true
		}
	}
	unseen := best.thread == nil && best.task == nil && best.how != waitingInside
	// A moment in which its group has some quota left does not make up for the time without.
	throttled := p.group.usedUp >= 0 && f.now-p.group.usedUp < f.limits.Pool
	if found && (unseen || best.how == computing) && (throttled || f.starved(p)) {
		// It would run if it got a processor. That excuses much, but not one computation without end.
		if throttled || unseen || !f.old(best) && !f.ranLong(p, best) {
			return standstill{}, false
		}
	}
	return best, found
}

// ranLong says whether a computation that shares its processor has, by its share in the last second, had one for as long
// as a computation may last of which others wait for the end.
func (f finder) ranLong(p *process, s standstill) bool {
	used, _ := p.shares()
	lasts := f.silence(s.since(), f.now)
	return lasts >= f.limits.Pool && used*lasts.Seconds() >= f.limits.Loop.Seconds()
}

// stoppedSince is when the process stopped: a thread runs once more to stop, so its last run is the moment, where it
// was looked at. Before that look it is known only that it was not stopped at the sample before.
func (f finder) stoppedSince(p *process) time.Duration {
	least, looked := max(p.running, p.seen), unset
	for _, t := range p.threads {
		if isStopped(t.State) && t.Still > 0 {
			looked = max(looked, t.from)
		}
	}
	if looked != unset {
		return max(looked, least)
	}
	return max(p.sampledAt-p.sample.Still, least)
}
