package diagnose

import (
	"cmp"
	"slices"
	"time"

	"github.com/hangtime-dev/hangtime/history"
)

// A stall is work without progress, and what is known of the thread that stands still.
type stall struct {
	from   time.Duration // since when
	limit  time.Duration // from when on it is a hang; 0: it is one at once; never: it is only suspicious
	tid    int           // of the thread that explains it; 0: none does
	thread *thread
	behind *obstacle // what the thread waits for, where it is known
	how    how
	shown  time.Duration // of one that runs: since when every look found it running
	slow   bool          // each piece of work has a thread of its own at it: no hang however long it takes
	crowd  int           // threads of the pool that stand still, where the pool is exhausted
	cycle  []string      // who waits for whom, in a circle
}

// how a process came to stand still, beyond what one of its threads shows.
type how int

const (
	standing     how = iota // a thread shows it, or none does
	byStop                  // SIGSTOP
	byFreezer               // its cgroup is frozen
	byMemory                // its cgroup is out of memory, with the killer off
	running                 // a thread runs all the time
	withoutFiles            // it runs all the time and has no descriptor left to accept with
	deadLoop                // tasks are taken and none ends, while nothing stands in the way
)

// never is the limit of a stall that is suspicious and no more.
const never time.Duration = -1

// tickStep is how often the probe looks; what is told to have begun between two looks may be as old as that.
const tickStep = 100 * time.Millisecond

func stopped(state string) bool { return state == "T" }

// assess finds what keeps the process from progress, if anything does.
func (f *Fold) assess(p *process) (stall, bool) {
	switch {
	case p.sampledAt >= 0 && stopped(p.sample.State):
		return stall{from: f.stoppedSince(p), how: byStop}, true
	case p.group.frozen >= 0:
		return stall{from: max(p.group.frozen-p.sample.Still, p.seen), how: byFreezer}, true
	case p.group.starved >= 0 && p.sample.State == "D":
		return stall{from: max(p.sampledAt-p.sample.Still, p.seen), how: byMemory}, true
	}
	best, found := stall{}, false
	for _, look := range []func(*process) (stall, bool){f.loopStall, f.requestStall, f.taskStall, f.silentStall} {
		if one, ok := look(p); ok && (!found || f.worse(one, best)) {
			best, found = one, true
		}
	}
	if found && (best.thread == nil || best.how == running) && f.starved(p) {
		return stall{}, false // it would run if it got a processor
	}
	return best, found
}

// stoppedSince is when the process stopped: a thread runs once more to stop, so its last run is the moment, where it was looked at. Before that look it is known only
// that it was not stopped at the sample before.
func (f *Fold) stoppedSince(p *process) time.Duration {
	least, looked := max(p.running, p.seen), time.Duration(-1)
	for _, t := range p.threads {
		if stopped(t.State) && t.Still > 0 {
			looked = max(looked, t.from)
		}
	}
	if looked >= 0 {
		return max(looked, least)
	}
	return max(p.sampledAt-p.sample.Still, least)
}

// starved says whether the process is ready to run most of the time and gets no processor, or has used up its quota.
func (f *Fold) starved(p *process) bool {
	used, delayed := p.shares()
	_, throttled := p.group.throttles()
	return delayed > f.limits.Starved && delayed > used || throttled
}

// worse prefers what is a hang already, then what a thread explains, then what lasts longer.
func (f *Fold) worse(a, b stall) bool {
	rank := func(s stall) int {
		n := 0
		if f.hung(s) {
			n += 2
		}
		if s.thread != nil {
			n++
		}
		return n
	}
	return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(b.from, a.from)) > 0
}

// hung says whether a stall is a hang by now. Time in which hangtime itself was late does not count.
func (f *Fold) hung(s stall) bool {
	switch {
	case s.slow:
		return false
	case s.how == byStop || s.how == byFreezer || s.how == byMemory || s.limit == 0:
		return true
	}
	return s.limit > 0 && f.silence(s.from, f.now) >= s.limit && (s.shown == 0 || f.silence(s.shown, f.now) >= s.limit-closerLook-3*tickStep)
}

// loopStall is a named loop thread that does not turn although the worker has work; answers of its other threads say nothing of the loop.
func (f *Fold) loopStall(p *process) (stall, bool) {
	if p.open == 0 && p.sample.Inside == 0 {
		return stall{}, false
	}
	for _, t := range f.still(p) {
		if p.role(t.ThreadSample) != loopThread || p.ended > t.at+3*tickStep || t.running >= 0 && !f.computes(p, t) {
			continue // a task ended well after the last look at it: it runs again. Its client learns of an end late, so a little later proves nothing.
		}
		from := t.from
		if t.running >= 0 {
			from = max(p.turned, p.idled[loopThread])
			if p.open > 0 {
				from = max(from, p.ended)
			}
			if p.busyFrom <= from+2*tickStep {
				from = max(from, p.busyFrom) // its account is finer than the looks
			}
			if p.sample.Inside > 0 && !p.countsTurns() {
				from = max(from, p.answered) // it may have been the loop that answered
			}
		}
		return f.explained(p, t, max(from, f.asked(p)), f.limits.Loop), true
	}
	return stall{}, false
}

// asked is when the oldest work that is present came: a loop that stood still before had nothing to do.
func (f *Fold) asked(p *process) time.Duration {
	from := time.Duration(-1)
	if p.open > 0 {
		from = p.openFrom
	}
	if p.sample.Inside > 0 && (from < 0 || p.began() < from) {
		from = p.began()
	}
	return max(from-f.limits.Slack, p.seen)
}

// requestStall is requests inside and no answer, or connections that nobody accepts and a thread that shows why.
func (f *Fold) requestStall(p *process) (stall, bool) {
	asked := p.sample.Inside > 0
	from := max(p.answered, p.seen)
	if asked {
		from = max(from, p.began())
	}
	threads := f.still(p)
	for _, t := range threads {
		o := f.behind(p, t.TID, f.now)
		if !asked && f.backlog == 0 && (o == nil || !o.shared() || p.ready) {
			continue
		}
		if f.disproved(p, t, from) || t.running >= 0 && !f.computes(p, t) {
			continue
		}
		begin := t.from
		if t.running >= 0 {
			begin = max(from, p.idled[p.role(t.ThreadSample)])
			if !asked {
				begin = max(t.running, from)
			}
		}
		if p.role(t.ThreadSample) == mainThread || o != nil && o.shared() {
			s := f.explained(p, t, max(begin, p.seen), f.limits.Loop)
			s.slow = client(o) && !f.waiting() // a slow client alone harms only itself
			return s, true
		}
		s := f.explained(p, t, max(begin, from), f.limits.Pool)
		p.pooled(&s, threads)
		s.slow = !f.crowded(p, s.crowd, s.from)
		return s, true
	}
	if !asked || f.idles(p) {
		return stall{}, false // a loop that waits for events: a long poll, or an answer that comes from elsewhere
	}
	s := stall{from: max(from, p.idled[mainThread], p.idled[loopThread]), limit: f.limits.Pool}
	if p.sample.Inside < 2 && f.backlog == 0 {
		s.limit = never // one slow answer, and nobody waits behind it
	}
	return s, true
}

// disproved says whether what the worker has answered since shows that this thread is not what stops it.
func (f *Fold) disproved(p *process, t *thread, from time.Duration) bool {
	if p.grew > 0 && p.grew+f.limits.Slack >= t.at {
		return true // it answered after the last look at this thread
	}
	if p.answered > t.at && p.before > t.at {
		return true // a request ended after it, and nothing was old enough any more to look again
	}
	// A thread that is known to stop the worker goes on doing so: a client that gave up looks like an answer.
	if p.hang != nil && p.stall.tid == t.TID {
		return false
	}
	begin := t.from
	if t.running >= 0 {
		begin = max(t.running, from)
	}
	if p.role(t.ThreadSample) == other && max(p.answered, p.ended) > begin+f.limits.Suspect {
		return true // one of no known part, such as a log's writer: the worker answers well without it
	}
	return begin < p.earliest-f.limits.Slack // it stood still long before the last answer
}

func client(o *obstacle) bool {
	if o == nil {
		return false
	}
	ev, ok := o.event.(history.SocketWait)
	return ok && ev.Client
}

// taskStall is accepted tasks of which none ends while a thread that is no named loop stands still.
func (f *Fold) taskStall(p *process) (stall, bool) {
	if p.open == 0 {
		return stall{}, false
	}
	threads := f.still(p)
	for _, t := range threads {
		if p.role(t.ThreadSample) == loopThread || t.from < p.endedMin-f.limits.Slack-tickStep || t.running >= 0 {
			continue // a task ended since. When it ended, its client learns late: at the next look.
		}
		s := f.explained(p, t, max(t.from, p.endedMin), f.limits.Pool)
		p.pooled(&s, threads)
		s.slow = p.opened.least(max(s.from+closerLook, f.now-f.limits.Pool), p.open) <= s.crowd && (s.behind == nil || !s.behind.shared())
		return s, true
	}
	return stall{}, false
}

// silentStall is accepted tasks of which none ends although nothing is seen to stand in the way, while requests are answered: nobody runs them.
// Slow tasks look the same, so it takes a loop whose count of turns stands still, or a process that has never ended a task for a long time.
func (f *Fold) silentStall(p *process) (stall, bool) {
	if p.open < 2 || max(p.answered, p.took) <= p.ended || len(f.still(p)) > 0 {
		return stall{}, false
	}
	s := stall{from: max(p.ended, p.openFrom, p.seen), how: deadLoop}
	// A server that counts its tasks counts its loop's turns too: none at all is a loop that nobody runs.
	switch counted := p.beatAt >= 0 && f.now-p.beatAt <= f.limits.Stale && (p.beat.Turns > 0 || p.beat.InFlight > 0); {
	case counted:
		s.from, s.limit = max(s.from, p.turned), f.limits.Pool
	case p.finished || p.countsTurns():
		return stall{}, false
	default:
		s.limit = f.limits.Tasks
	}
	return s, f.now-s.from >= f.limits.Loop
}

// crowded says whether more was asked of the worker, all the time since, than the threads that stand still can be busy with: others wait. A request that passes
// by beside them is none that waits.
func (f *Fold) crowded(p *process, crowd int, since time.Duration) bool {
	return p.inside.least(max(since+closerLook, f.now-f.limits.Pool), p.sample.Inside) > crowd || f.waiting()
}

// pooled counts those of a pool among threads that stand still. The pool is used up since the last of them was taken.
func (p *process) pooled(s *stall, standing []*thread) {
	for _, t := range standing {
		if r := p.role(t.ThreadSample); t.running >= 0 || r == mainThread || r == loopThread {
			continue
		}
		s.crowd++
		if s.behind == nil || !s.behind.shared() {
			s.from = max(s.from, t.from)
		}
	}
}

// closerLook is the age of a request from which on threads are looked at.
const closerLook = 150 * time.Millisecond

// waiting says whether connections have waited to be accepted for longer than a moment.
func (f *Fold) waiting() bool { return f.backlogFrom >= 0 && f.now-f.backlogFrom >= f.limits.Suspect }

// explained is a stall with a thread as its reason.
func (f *Fold) explained(p *process, t *thread, from, limit time.Duration) stall {
	s := stall{from: from, limit: limit, tid: t.TID, thread: t}
	s.behind = f.behind(p, t.TID, t.at)
	if t.running >= 0 {
		s.how, s.shown = running, t.running
		if p.fileless() {
			s.how = withoutFiles
		}
		return s
	}
	if !t.Twice {
		s.limit = max(limit, f.limits.Pool) // a single look proves less
		return s
	}
	// A thread beside those that serve, such as a log's writer, may wait for ever and harm nobody.
	serves := p.role(t.ThreadSample) == loopThread || p.role(t.ThreadSample) == mainThread
	if disk, ok := s.event().(history.DiskWait); ok && disk.Frozen && serves {
		s.limit = 0
	}
	if s.cycle = f.cycle(p, t); s.cycle != nil {
		s.limit = 0
	}
	return s
}

// computes says whether a thread that was found running runs all the time: at two looks, and by the account of its process between them. One that shares its
// processor runs less, and is ready to run all the time.
func (f *Fold) computes(p *process, t *thread) bool {
	used, delayed := p.sharesSince(t.running - tickStep)
	return t.at-t.running >= lookTwice && used+delayed >= f.limits.Busy
}

func (s stall) event() history.Event {
	if s.behind == nil {
		return nil
	}
	return s.behind.event
}

// fileless says whether the process has no descriptor left.
func (p *process) fileless() bool { return p.files.Limit > 0 && p.files.Open >= p.files.Limit }

// still are the threads that do not wait for work and stand still, or run all the time; those that explain most first.
func (f *Fold) still(p *process) []*thread {
	var all []*thread
	for _, t := range p.threads {
		o := f.behind(p, t.TID, f.now)
		if f.now-t.at > f.limits.Stale || t.State == "Z" || t.Idle && (o == nil || !o.real()) {
			continue
		}
		if t.running < 0 && t.Still < f.limits.Suspect && !t.Twice {
			continue
		}
		all = append(all, t)
	}
	for tid := range p.obstacles {
		if o := f.behind(p, tid, f.now); o != nil && p.threads[tid] == nil && o.still >= f.limits.Suspect {
			all = append(all, o.thread())
		}
	}
	slices.SortFunc(all, func(a, b *thread) int {
		return cmp.Or(cmp.Compare(f.weight(p, b), f.weight(p, a)), cmp.Compare(a.from, b.from), cmp.Compare(a.TID, b.TID))
	})
	return all
}

func (f *Fold) weight(p *process, t *thread) int {
	n := 0
	switch p.role(t.ThreadSample) {
	case loopThread:
		n = 8
	case mainThread:
		n = 4
	}
	if o := f.behind(p, t.TID, f.now); o != nil && o.shared() {
		n += 16
	}
	if t.Twice {
		n += 2
	}
	if t.running < 0 {
		n++
	}
	return n
}

// idles says whether the thread that would serve waits for events, seen lately.
func (f *Fold) idles(p *process) bool {
	for _, t := range p.threads {
		if r := p.role(t.ThreadSample); f.now-t.at <= f.limits.Stale && t.Idle && (r == loopThread || r == mainThread) {
			return true
		}
	}
	return false
}

// behind is what a thread waits for, seen lately; nil: it is not known.
func (f *Fold) behind(p *process, tid int, now time.Duration) *obstacle {
	if o := p.obstacles[tid]; o != nil && now-o.at <= f.limits.Stale {
		return o
	}
	return nil
}
