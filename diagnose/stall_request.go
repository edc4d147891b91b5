package diagnose

import (
	"time"

	"github.com/hangtime-dev/hangtime/history"
)

// A requestFinder finds requests that stand still.
type requestFinder struct{ awaitFinder }

// requestStall is work of requests that stands still: in a thread, in tasks that no thread runs, or in a process that
// has not come so far as to take any.
func (f requestFinder) requestStall(p *process) (standstill, bool) {
	best, found := standstill{}, false
	consider := func(s standstill) {
		if !found || f.worse(s, best) {
			best, found = s, true
		}
	}
	threads := f.serving(p)
	for _, t := range threads {
		if f.inCourse(p, p.stacks[t.TID]) {
			continue // nobody asked for it
		}
		if s, ok := f.threadStall(p, t, threads); ok {
			consider(s)
			if p.roleOf(t.ThreadSample) == mainThread || s.behind != nil && s.behind.shared() {
				break // the first explains most: the others wait with it
			}
		}
	}
	if s, ok := f.innerStall(p); ok { // which of them is at what, no thread that stands by itself says better
		if found && best.limit != never {
			s.limit = best.limit
		}
		best, found = s, true
	}
	for _, look := range []func(*process) (standstill, bool){f.awaitStall, f.spinStall} {
		if s, ok := look(p); ok {
			consider(s)
		}
	}
	if blind := f.whole && f.now-p.lookedAt > f.limits.Stale; blind && p.hang == nil {
		return best, found // nobody has looked lately what keeps it
	}
	if found || p.sample.Inside == 0 || f.idles(p) && (!f.swamped() || f.proxies(p)) || len(f.awaited(p)) > 0 {
		return best, found // a loop that waits for events: what for is said elsewhere, where it was seen
	}
	s := standstill{from: max(p.answered, p.seen, p.began(), p.idled[mainThread], p.idled[loopThread]), work: unset,
		limit: f.limits.Pool}
	if p.sample.Inside < 2 && f.backlog == 0 {
		s.limit = never // one slow answer, and nobody waits behind it
	}
	// The first look at what keeps it is not over, or it shows in a moment whether one of its threads runs all the time,
	// or comes back to one place again and again.
	s.unaided = f.now-p.firstAt < lookWhole || f.attached && !f.whole && f.now-p.firstAt < f.limits.Pool ||
		f.whole && f.runs(p) || f.mayRepeat(p)
	return s, true
}

// proxies says whether a worker waits at a listening socket, so that what waits before the door does so at another, while
// other servers owe it the answers that it owes: it is well itself.
func (f requestFinder) proxies(p *process) bool { return f.accepts(p) && f.upstreamWaits(p) }

// threadStall is what one thread that serves is kept by; false: it is not kept, or what the worker has answered since
// shows that it is not what stops it.
func (f requestFinder) threadStall(p *process, t *threadState, others []*threadState) (standstill, bool) {
	asked := p.sample.Inside > 0
	o := f.behind(p, t.TID, f.now)
	busy := f.occupied(p, t)
	if !asked && !busy && (f.backlog == 0 && (o == nil || !o.shared() || p.ready)) {
		return standstill{}, false
	}
	from := p.seen
	if asked {
		from = max(from, p.began())
		if p.began() < p.earliest { // else the last answer left before the oldest of these came
			from = max(from, p.answered)
		}
	}
	if f.disproved(p, t, from, busy, len(others) > 1) {
		return standstill{}, false
	}
	begin, kind, shown := f.stillFrom(p, t), standing, unset
	if asked && f.usedUp(p, t) {
		begin = max(begin, from) // it may have been so for long before anybody waited
	}
	unasked := p.seen // where no request is seen inside: from when on what it is at may have lasted
	if len(others) <= 1 {
		unasked = max(unasked, p.answered) // nobody else has answered since
	}
	switch {
	case t.running >= 0:
		spins := f.spins(p, t)
		if !f.computes(p, t) && !f.repeats(p, t) && !spins {
			return standstill{}, false
		}
		kind = computing
		if !f.computes(p, t) && !spins && (t.slept || t.off >= t.placed && t.at-t.running < sameFor) {
			kind = polling // found running at every look, however far apart, it computes, on a machine that gives it little
		}
		begin = max(from, f.restedAt(p, t))
		if spins {
			shown = p.spinning[p.stacks[t.TID].ID].from
			begin = max(from, shown)
		}
		switch {
		case !asked:
			begin = max(t.running, unasked)
		case !spins && f.queued(p, len(others)):
			begin = max(begin, t.running)
		}
	case f.repeats(p, t) || f.pauses(p, t, others):
		kind = polling
		begin = max(from, t.idled)
		if !asked {
			begin = max(t.placed, unasked)
		}
	}
	if kind != standing {
		begin = max(begin, f.spokeAt(p, t))
	}
	s := f.explained(p, t, max(begin, p.seen), never)
	if shown != unset {
		s.shown = shown
	}
	if kind == polling {
		s.how, s.shown = polling, 0
		if f.queued(p, len(others)) {
			s.shown = t.placed
		}
	}
	f.age(p, &s, t, others)
	f.urgency(p, &s, t, others)
	f.turn(p, &s)
	s.nobodys = s.limit == never && f.nobodys(p, t)
	return s, true
}

// spokeAt is when a byte of the answer was last sent to whoever asked for what a thread is at: events that are sent one
// by one, the pieces of a long answer, are progress, however often it sleeps in between.
func (f requestFinder) spokeAt(p *process, t *threadState) time.Duration {
	if st := f.stackOf(p, t); st != nil && st.Request != nil && st.Request.Spoke > 0 {
		return st.at - st.Request.Spoke
	}
	return unset
}

// nobodys says whether nobody outside waits for what a thread of a pool does: its worker serves connections, and has
// none. A job in the background may last.
func (f requestFinder) nobodys(p *process, t *threadState) bool {
	r := p.roleOf(t.ThreadSample)
	return r != mainThread && r != loopThread && !p.noListener && p.ready && f.backlog == 0 && p.open == 0 &&
		p.sample.Inside+p.sample.Idle+p.sample.Silent == 0
}

// age dates the work that a thread has: the request that it serves, as far as that is known. The oldest inside is not
// its own where it has rested since that came, or serves one that is known and not among them.
func (f requestFinder) age(p *process, s *standstill, t *threadState, others []*threadState) {
	if f.queued(p, len(others)) {
		return
	}
	if st := p.stacks[t.TID]; st != nil && st.Request != nil {
		if age, ok := p.ageOf(st.Request.Port); ok {
			s.work = p.sampledAt - age
			return
		}
		if f.over(p, st.Request.Port) {
			return
		}
	}
	// A program that tells what its code does may have asked for its next job, which no age makes a hang.
	if at, known := s.behind.askedAt(); known && p.noListener && len(p.stacks) == 0 {
		s.work = at
		return
	}
	if p.sample.Inside > 0 && len(others) <= 1 && p.began() < s.from && f.restedAt(p, t) <= p.began() {
		s.work = p.began()
	}
	if at, known := f.silentFrom(p, t); known && s.how == polling && p.sample.Inside == 0 {
		s.work = max(at, f.restedAt(p, t))
	}
}

// urgency sets from when on a stall is a hang because others wait behind it.
func (f requestFinder) urgency(p *process, s *standstill, t *threadState, others []*threadState) {
	if s.limit == 0 {
		return
	}
	shared := s.behind != nil && s.behind.shared()
	switch st := p.stacks[t.TID]; {
	case st != nil && st.Ends:
		s.how, s.work = lingering, f.replaced(p)
		return
	case !p.ready || p.noListener && f.waiting():
		if s.how == standing {
			s.how = booting
		}
		switch {
		case f.waiting():
			s.limit, s.own = f.limits.Loop, true
			if s.how == computing {
				s.limit = f.limits.Pool // that it takes a while to compile and to import is its way to begin
			}
		case s.how == booting && !f.anyReady() && f.backlogLimit == 0:
			s.limit = f.limits.Pool // nobody listens until one of them comes back: who asks is refused
		}
		return
	case f.usedUp(p, t):
		s.limit = f.limits.Pool
	case f.pool(p, t):
		alone := s.from
		f.pooled(p, s, others)
		// A thread that rests while jobs wait is none that they may have.
		if s.how == standing && f.jobsWait(p, s.crowd) > 0 || f.crowded(p, s.crowd+f.besides(p, others), s.from) && !f.spare(p, t) {
			s.limit = f.limits.Pool
			if s.how == standing && st != nil && st.Turn && st.Own > 0 {
				s.limit = f.limits.Loop // all that its loop has waits for it
			}
		}
		if f.stranded(p, t, s) {
			s.limit = f.limits.Loop
		}
		if since, is := f.heldUp(p, t, others); is && s.limit < f.limits.Pool {
			s.limit, s.from = f.limits.Pool, max(alone, since) // however many other threads are free
		}
		if since, is := f.abandoned(p, t); is && s.limit < f.limits.Pool {
			s.limit, s.from = f.limits.Pool, max(alone, since)
		}
		if shared && (f.waiting() || s.crowd > 1 || f.allKept()) {
			s.limit = f.limits.Loop
			if _, within := s.event().(history.MutexWait); within {
				s.limit = f.limits.Pool // its threads have it by turns
			}
		}
	case p.sample.Inside > 1 && !f.threaded(p):
		s.limit = f.limits.Loop // a loop that stands still: the others inside wait for it
		if s.how == computing && f.queued(p, len(others)) {
			s.limit = f.limits.Pool // since when is not known
		}
	case f.waiting():
		s.limit, s.own = f.limits.Loop, !shared
		if !shared && f.queued(p, len(others)) {
			s.limit = f.limits.Pool // it has ended another since this one came: work goes on, if slowly
		}
	case shared && f.allKept():
		s.limit = f.limits.Loop
	}
	if waitsForClient(s.behind) && !f.waiting() && (s.limit < f.limits.Pool || f.now-p.answered < f.limits.Pool) {
		s.limit = never // a slow client alone harms only itself, as long as others are served
	}
	if s.limit > 0 && !t.Twice && s.how == standing {
		s.limit = max(s.limit, f.limits.Pool) // a single look proves less
	}
}

// disproved says whether what the worker has answered since shows that this thread is not what stops it.
func (f requestFinder) disproved(p *process, t *threadState, from time.Duration, busy, others bool) bool {
	if p.grew > t.at-f.limits.Slack && !busy {
		return true // it answered after the last look at this thread
	}
	if p.answered > t.at && p.before > t.at {
		return true // a request ended after it, and nothing was old enough any more to look again
	}
	// A thread that is known to stop the worker goes on doing so: a client that gave up looks like an answer.
	if p.hang != nil && p.stall.tid == t.TID || busy {
		return false
	}
	begin := t.from
	if t.running >= 0 {
		begin = max(t.running, from)
	}
	if f.usedUp(p, t) {
		return false // whoever came later waits behind it, and what was answered since needed no such thread
	}
	if p.roleOf(t.ThreadSample) == otherThread && max(p.answered, p.ended) > begin+f.limits.Suspect {
		return true // one of no known part, such as a log's writer: the worker answers well without it
	}
	if f.repeats(p, t) {
		return false
	}
	if !others && p.roleOf(t.ThreadSample) == mainThread && t.running < 0 && !f.accepts(p) {
		return false // nobody else is there to answer: what looked like an answer was a client that gave up
	}
	// It stood still long before the last answer, or before what is asked now was asked: it serves neither.
	return begin < p.earliest-f.limits.Slack || others && p.sample.Inside > 0 && begin < p.began()-f.limits.Slack
}
