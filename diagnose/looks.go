package diagnose

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/hangtime-dev/hangtime/history"
)

// looks are what was found of the threads of a process, and of its work that no thread runs, lately.
type looks struct {
	threads   map[int]*threadState
	obstacles map[int]*obstacle // by thread
	stacks    map[int]*stack    // by thread
	tasks     map[uint64]*stack // what no thread runs, by its ID
	program   int               // the thread that runs the program's main function where that is not the first; 0: none
	chains    map[int]history.Chain
	spinning  map[uint64]span // goroutines that were found running, or ready to, whenever they were read
	stacksAt  time.Duration   // when a stack was last read; unset: never
	lookedAt  time.Duration   // when the last look at its threads was whole; unset: never
	metAt     time.Duration   // when the first one was whole; unset: none was
	wholes    int             // how many were whole
	looking   bool            // a look has begun and is not whole
	lookFrom  time.Duration   // when that, or the last one, began
	wholeFrom time.Duration   // when the last whole one began
	rests     bool            // the last whole look proved that a thread of it waits for work
	fetched   bool            // its own loop was seen to wait for its next message
	// When a piece of work that waited for what only one can have, by its object, was last seen to have got it: at
	// something else.
	passed   map[uint64]time.Duration
	upstream history.Upstream
	upAt     time.Duration // when that was seen; unset: never
}

func noLooks() looks {
	return looks{
		threads: map[int]*threadState{}, obstacles: map[int]*obstacle{}, stacks: map[int]*stack{},
		tasks: map[uint64]*stack{}, passed: map[uint64]time.Duration{},
		chains: map[int]history.Chain{}, spinning: map[uint64]span{},
		stacksAt: unset, lookedAt: unset, metAt: unset, upAt: unset,
	}
}

// lookTwice is how far apart two looks at a thread are at least that prove a standstill together.
const lookTwice = 50 * time.Millisecond

// maxThreads bounds what is kept of one process; the reader of /proc has the same order of bound.
const maxThreads = 256

// A threadState is the last look at one thread.
type threadState struct {
	history.ThreadSample
	at      time.Duration
	seq     uint64
	from    time.Duration // since when it stands still
	running time.Duration // since when every look found it on a processor; -1: the last did not
	place   string        // where the last whole look found it: the application's line, or "" where that is not known
	placed  time.Duration // since when every whole look found it there, and not idle; unset: the last did not
	there   time.Duration // when it was last found there: a look may not read again what its code does
	slept   bool          // one of these found it in a sleep
	off     time.Duration // when a look last found it off the processors; unset: none did
	pauses  int           // how many whole looks found it there off the processors
	client  string        // the client's connection that it was last found at
	idled   time.Duration // when it was last seen idle; unset: never
}

// A stack is what a thread did, in its language's words, when it was read.
type stack struct {
	history.Stack
	at    time.Duration
	first time.Duration // when this piece of work was first seen at this place, and at each reading since
	over  bool          // a later reading does not have it
	on    string        // kind of the last wait there that the language told
	seq   uint64
}

// own is the application's own line; empty: none of its frames is the application's.
func (st *stack) own() string {
	if st == nil || st.Own <= 0 || st.Own > len(st.Frames) {
		return ""
	}
	return st.Frames[st.Own-1]
}

// work is which request or job it is in, to tell one from the next; empty: it does not say.
func (st *stack) work() string {
	if st == nil || st.Request == nil {
		return ""
	}
	return fmt.Sprintf(" of %s %d", st.Request.ID, st.Request.Port)
}

// holdsItself says whether what it waits for is a lock that its own thread has taken before, and that cannot be taken twice.
func (st *stack) holdsItself() bool {
	return st != nil && st.Wait != nil && (st.Wait.On == "lock" || st.Wait.On == "monitor") && st.TID != 0 &&
		st.Wait.Owner == uint64(st.TID)
}

func onProcessor(t history.ThreadSample) bool { return t.State == "R" || t.Syscall == "running" }

// hindered takes what one of its threads waits for.
func (p *looks) hindered(o *obstacle, l Limits) {
	old := p.obstacles[o.tid]
	if len(p.obstacles) >= maxThreads && old == nil {
		return
	}
	// The same wait keeps the beginning that was first computed: it was nearest to the event.
	if old != nil && old.same == o.same && o.from-old.from <= l.Slack {
		o.from = min(o.from, old.from)
	}
	p.obstacles[o.tid] = o
}

// traced takes a stack. All stacks of a process are read in one look: what is not among those of the last reading is
// over.
func (p *looks) traced(r history.Record, ev history.Stack) {
	if p.stacksAt < p.lookFrom {
		for _, st := range p.tasks {
			st.over = true // unless it is read again
		}
	}
	p.stacksAt = r.At
	p.spun(r.At, ev)
	switch {
	case ev.Main && ev.Kind == "" && ev.TID != ev.PID:
		p.program = ev.TID
	case ev.TID == p.program:
		p.program = 0 // main has returned
	}
	st := &stack{Stack: ev, at: r.At, first: r.At, seq: r.Seq}
	p.goesOn(st)
	st.runsOn(p.elsewhere(ev))
	if ev.TID == 0 {
		// An ID is an address, where the next request's task may come to lie.
		st.since(p.tasks[ev.ID])
		if len(p.tasks) < maxThreads || p.tasks[ev.ID] != nil {
			p.tasks[ev.ID] = st
		}
		return
	}
	st.since(p.stacks[ev.TID])
	st.runsOn(p.stacks[ev.TID])
	if len(p.stacks) < maxThreads || p.stacks[ev.TID] != nil {
		p.stacks[ev.TID] = st
	}
}

// goesOn notes where a piece of work has got what it waited for among others. One that is gone may have given up.
func (p *looks) goesOn(st *stack) {
	old := p.tasks[st.ID]
	if old == nil || st.ID == 0 || !exclusive(old) || old.Wait.Object == 0 || old.work() != st.work() {
		return
	}
	if st.Wait != nil && st.Wait.Object == old.Wait.Object {
		return
	}
	if len(p.passed) >= maxThreads {
		clear(p.passed)
	}
	p.passed[old.Wait.Object] = st.at
}

// since takes over when the same work was first seen at the same place.
func (st *stack) since(old *stack) {
	if st.Wait != nil {
		st.on = st.Wait.On
	}
	if old == nil || old.own() != st.own() || old.work() != st.work() {
		return
	}
	switch {
	case st.on == "":
		st.on, st.first = old.on, old.first
	case old.on == "" || old.on == st.on: // else it waits for something else there: to get the lock back behind a condition
		st.first = old.first
	}
}

// elsewhere is what was read of a goroutine where it was before, which is forgotten: it goes from thread to thread.
func (p *looks) elsewhere(ev history.Stack) *stack {
	if ev.Kind != "goroutine" || ev.ID == 0 {
		return nil
	}
	for tid, st := range p.stacks {
		if tid != ev.TID && st.Kind == ev.Kind && st.ID == ev.ID {
			delete(p.stacks, tid)
			return st
		}
	}
	if st := p.tasks[ev.ID]; st != nil && ev.TID != 0 {
		delete(p.tasks, ev.ID)
		return st
	}
	return nil
}

// runsOn takes over where a goroutine runs from the reading before: what runs has its place in a processor, which tells it
// at some readings only.
func (st *stack) runsOn(old *stack) {
	if old == nil || st.Kind != "goroutine" || st.ID != old.ID || st.Own > 0 || st.Wait != nil || st.Idle ||
		st.Request == nil || st.work() != old.work() || st.at-old.at > spunApart {
		return
	}
	st.Frames, st.Own = old.Frames, old.Own
}

// A span is from when to when something was seen.
type span struct{ from, to time.Duration }

// spunApart is how far two readings may lie apart and still belong to one computation.
const spunApart = 2500 * time.Millisecond

// spun notes a goroutine that runs or is ready to. It goes from thread to thread, so no thread is seen to compute.
func (p *looks) spun(at time.Duration, ev history.Stack) {
	if ev.Kind != "goroutine" || ev.Request == nil {
		return
	}
	runs := ev.TID == 0 && ev.Wait == nil && !ev.Idle
	if t := p.threads[ev.TID]; t != nil {
		if t.Syscall == "futex" && ev.Wait == nil && !ev.Idle {
			return // that thread parks, so the goroutine has gone from or to another meanwhile, or waits outside of Go
		}
		runs = onProcessor(t.ThreadSample)
	}
	was, known := p.spinning[ev.ID]
	switch {
	case !runs:
		delete(p.spinning, ev.ID)
	case known && at-was.to <= spunApart:
		p.spinning[ev.ID] = span{was.from, at}
	default:
		maps.DeleteFunc(p.spinning, func(_ uint64, one span) bool { return at-one.to > spunApart }) // most have ended
		if len(p.spinning) >= maxThreads {
			return
		}
		p.spinning[ev.ID] = span{at, at}
	}
}

// sleeps says whether a thread is in a sleep: a call that only waits for time, or a poll that stands still with nothing
// to wait for.
func sleeps(t history.ThreadSample, behind *obstacle) bool {
	switch t.Syscall {
	case "nanosleep", "clock_nanosleep":
		return true
	case "poll", "ppoll", "select", "pselect6":
		return t.Twice && !t.Idle && behind == nil
	}
	return false
}

// placeOf is where a thread is, as far as it can be told apart from other places: the application's line, the innermost
// call, or the system call, and in which request or job: the same line in the next one is another place. "": a futex,
// which may be any lock.
func (p *looks) placeOf(t *threadState) string {
	st := p.stacks[t.TID]
	switch own := st.own(); {
	case own != "":
		return own + st.work()
	case st != nil && len(st.Frames) > 0:
		return st.Frames[0] + st.work()
	case t.Syscall == "futex":
		return ""
	}
	return t.Syscall
}

// servesNext says whether the look that is over found a thread at another client's connection than the last one that found it at
// any: that one has had its answer.
func (p *looks) servesNext(t *threadState) bool {
	o := p.obstacles[t.TID]
	if o == nil || t.running >= 0 || o.at < p.lookFrom {
		return false
	}
	last, now := t.client, o.connection()
	if now != "" {
		t.client = now
	}
	return last != "" && now != "" && now != last
}

// thread is the obstacle's thread where no sample of it was taken, as if it were one.
func (o *obstacle) thread() *threadState {
	sample := history.ThreadSample{PID: o.pid, TID: o.tid, State: "S", Still: o.still, Syscall: o.call}
	return &threadState{ThreadSample: sample, at: o.at, seq: o.seq, from: o.from, running: -1}
}

// helps says whether the process serves others of its own program, as multiprocessing's manager does: it is no worker.
func (l *looks) helps() bool {
	for _, st := range l.stacks {
		if st.Helper {
			return true
		}
	}
	return false
}

// pieces are what its threads do, and its work that no thread runs.
func (l *looks) pieces() []*stack {
	var all []*stack
	for tid, st := range l.stacks {
		if l.threads[tid] != nil {
			all = append(all, st)
		}
	}
	for _, st := range l.tasks {
		all = append(all, st)
	}
	slices.SortFunc(all, func(a, b *stack) int { return cmp.Or(cmp.Compare(a.TID, b.TID), cmp.Compare(a.ID, b.ID)) })
	return all
}

// at is what a stall's thread, or its piece of work, does.
func (l *looks) at(s standstill) *stack {
	if s.task != nil {
		return s.task
	}
	return l.stacks[s.tid]
}
