package diagnose

import (
	"cmp"
	"math"
	"time"

	"github.com/hangtime-dev/hangtime/history"
)

// unset is a moment that never was: it is before every other. Zero and -1 would not do: of a server that was there before hangtime, all that matters may lie before zero.
const unset = time.Duration(math.MinInt64 / 4)

// A stall is work without progress, and what is known of the thread, or of the piece of work that no thread runs, that stands still.
type stall struct {
	from    time.Duration // since when
	work    time.Duration // since when the work that is held up is there; unset: as long as it stands still
	limit   time.Duration // from when on it is a hang because others wait behind it; 0: it is one at once; never: nobody waits, so its age alone decides
	tid     int           // of the thread that explains it; 0: none does
	thread  *thread
	behind  *obstacle // what the thread waits for, where it is known
	task    *stack    // the piece of work without a thread that explains it; nil: a thread does, or none
	how     how
	shown   time.Duration // of one that runs: since when every look found it running
	crowd   int           // threads of the pool, or tasks, that stand still together
	cycle   []string      // who waits for whom, in a circle
	unaided bool          // no look says what keeps it
	own     bool          // what it waits for keeps nobody else: as long as others of the server answer, it is slow
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
	polling                 // a thread sleeps and asks again, always in one place
	waitingTasks            // pieces of work without a thread wait for one thing
	booting                 // it has never come so far as to serve
	leaving                 // it ends, and something keeps it
)

// never is the limit of a stall behind which nobody waits.
const never time.Duration = -1

// tickStep is how often the probe looks; what is told to have begun between two looks may be as old as that.
const tickStep = 100 * time.Millisecond

// closerLook is the age of a request from which on threads are looked at.
const closerLook = 150 * time.Millisecond

func stopped(state string) bool { return state == "T" }

// A finder finds what keeps a process from progress.
type finder struct{ sight }

// assess finds what keeps the process from progress, if anything does.
func (f finder) assess(p *process) (stall, bool) {
	switch {
	case p.sampledAt >= 0 && stopped(p.sample.State):
		return stall{from: f.stoppedSince(p), work: unset, how: byStop}, true
	case p.group.frozen >= 0:
		return stall{from: max(p.group.frozen-p.sample.Still, p.seen), work: unset, how: byFreezer}, true
	case p.group.starved >= 0 && p.sample.State == "D":
		return stall{from: max(p.sampledAt-p.sample.Still, p.seen), work: unset, how: byMemory}, true
	}
	best, found := stall{}, false
	for _, look := range []func(*process) (stall, bool){f.loopStall, f.requestStall, f.taskStall, f.silentStall} {
		if one, ok := look(p); ok && (!found || f.worse(one, best)) {
			best, found = one, true
		}
	}
	if found && (best.thread == nil && best.task == nil || best.how == running) && f.starved(p) {
		return stall{}, false // it would run if it got a processor
	}
	return best, found
}

// stoppedSince is when the process stopped: a thread runs once more to stop, so its last run is the moment, where it was looked at. Before that look it is known only
// that it was not stopped at the sample before.
func (f finder) stoppedSince(p *process) time.Duration {
	least, looked := max(p.running, p.seen), unset
	for _, t := range p.threads {
		if stopped(t.State) && t.Still > 0 {
			looked = max(looked, t.from)
		}
	}
	if looked != unset {
		return max(looked, least)
	}
	return max(p.sampledAt-p.sample.Still, least)
}

// starved says whether the process is ready to run most of the time and gets no processor, or has used up its quota.
func (f sight) starved(p *process) bool {
	used, delayed := p.shares()
	_, throttled := p.group.throttles()
	return delayed > f.limits.Starved && delayed > used || throttled
}

// worse prefers what is a hang already, then what is explained, then what lasts longer.
func (f finder) worse(a, b stall) bool {
	rank := func(s stall) int {
		n := 0
		if f.hung(s) {
			n += 4
		}
		if s.limit != never {
			n += 2
		}
		if s.thread != nil || s.task != nil {
			n++
		}
		return n
	}
	return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(b.from, a.from)) > 0
}

// hung says whether a stall is a hang by now: because it cannot end by itself, because others have waited behind it for its limit, or because the work is older than any
// should be. Time in which hangtime itself was late does not count.
func (f finder) hung(s stall) bool {
	switch {
	case s.how == byStop || s.how == byFreezer || s.how == byMemory || s.limit == 0:
		return true
	case s.unaided:
		return false
	case f.spared(s):
		return f.old(s)
	case s.limit > 0 && f.silence(s.from, f.now) >= s.limit && (s.shown == 0 || f.silence(s.shown, f.now) >= s.limit-closerLook-3*tickStep):
		return true
	}
	return f.old(s)
}

// spared says whether a stall that keeps nobody else has lasted long enough to be a hang, and is none because others of the server answer those who wait.
func (f finder) spared(s stall) bool {
	return s.own && s.limit > 0 && f.silence(s.from, f.now) >= s.limit && f.served(f.limits.Loop)
}

// old says whether the work is older than the age from which on it is held to hang whoever waits for it.
func (f finder) old(s stall) bool {
	if f.limits.HangAfter <= 0 || s.how == deadLoop {
		return false
	}
	return f.silence(s.since(), f.now) >= f.limits.HangAfter && (s.shown == 0 || f.silence(s.shown, f.now) >= min(f.limits.HangAfter, f.limits.Loop)-closerLook-3*tickStep)
}

// since is the age of the work that is held up, or of the standstill, whichever is known to be longer.
func (s stall) since() time.Duration {
	if s.work != unset && s.work < s.from {
		return s.work
	}
	return s.from
}

// explained is a stall with a thread as its reason.
func (f finder) explained(p *process, t *thread, from, limit time.Duration) stall {
	s := stall{from: from, work: unset, limit: limit, tid: t.TID, thread: t}
	s.behind = f.behind(p, t.TID, t.at)
	if t.running >= 0 {
		s.how, s.shown = running, t.running
		if p.fileless() {
			s.how = withoutFiles
		}
		return s
	}
	if !t.Twice {
		if limit >= 0 {
			s.limit = max(limit, f.limits.Pool) // a single look proves less
		}
		return s
	}
	// A thread beside those that serve, such as a log's writer, may wait for ever and harm nobody.
	if disk, ok := s.event().(history.DiskWait); ok && disk.Frozen && f.serves(p, t) {
		s.limit = 0
	}
	if s.cycle = f.cycle(p, t); s.cycle != nil {
		s.limit = 0
	}
	if st := p.stacks[t.TID]; st != nil && st.Wait != nil && st.Wait.Before != 0 && st.Wait.On != "" {
		s.limit = 0 // who took it does not exist in this process
	}
	return s
}

// computes says whether a thread that was found running runs all the time: at two looks, and by the account of its process between them. One that shares its
// processor runs less, and is ready to run all the time.
func (f sight) computes(p *process, t *thread) bool {
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

// behind is what a thread waits for, seen lately; nil: it is not known.
func (f sight) behind(p *process, tid int, now time.Duration) *obstacle {
	if o := p.obstacles[tid]; o != nil && now-o.at <= f.limits.Stale {
		return o
	}
	return nil
}
