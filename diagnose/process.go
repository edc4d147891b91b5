package diagnose

import (
	"slices"
	"strings"
	"time"

	"github.com/hangtime-dev/hangtime/history"
)

// lookTwice is how far apart two looks at a thread are at least that prove a standstill together.
const lookTwice = 50 * time.Millisecond

// maxThreads bounds what is kept of one process; the reader of /proc has the same order of bound.
const maxThreads = 256

// A process is all that is known of one worker process.
type process struct {
	pid, place int
	worker     int           // its number in the history, by which faults name it
	seen       time.Duration // since when it is known to be there
	found      time.Duration // when that was recorded
	ready      bool          // it has shown that it serves
	gone       bool

	sample    history.WorkerSample
	sampledAt time.Duration // -1: never
	before    time.Duration // when the sample before it was taken; -1: never
	sampleSeq uint64
	running   time.Duration // when it was last seen in a state other than stopped; -1: never
	answered  time.Duration // last sign of progress of its requests
	earliest  time.Duration // and when that may have been at the earliest: the look before
	grew      time.Duration // the same for bytes that it sent: no client that gives up looks like that
	grown     time.Duration // and when that was seen
	cpu       []usage       // over the last second or so, oldest first
	busyFrom  time.Duration // since when it computes, by its account; -1: it does not
	partly    time.Duration // how much of the time between the last two samples before that it computed
	inside    counts        // of requests
	opened    counts        // of open tasks
	beat      history.Heartbeat
	beatAt    time.Duration        // -1: never
	turned    time.Duration        // when its loop was last seen to have turned
	idled     [roles]time.Duration // when a thread of each role was last seen to wait for events

	open     int           // tasks that it accepted and has not ended
	openFrom time.Duration // when the oldest of these was accepted
	took     time.Duration // when it was last seen to take one
	finished bool          // it has ended a task, ever
	tasksSeq uint64
	tasksAt  time.Duration // when its tasks were last looked at
	ended    time.Duration // last sign of progress of its tasks
	endedMin time.Duration // and when that may have been at the earliest: the look before

	threads   map[int]*thread
	obstacles map[int]*obstacle // by thread
	stacks    map[int]*stack    // by thread
	tasks     map[uint64]*stack // what no thread runs, by its ID
	stacksAt  time.Duration     // when a stack was last read; unset: never
	chains    map[int]history.Chain
	upstream  history.Upstream
	upAt      time.Duration // when that was seen; unset: never
	firstAt   time.Duration // when it was first sampled; unset: never
	lookedAt  time.Duration // when the last look at its threads was whole; unset: never
	looking   bool          // a look has begun and is not whole
	lookFrom  time.Duration // when that, or the last one, began
	deaf      bool          // it has no listening socket and no connection of the server's
	kept      bool          // it was found to stand still when it was last judged
	rests     bool          // the last whole look proved that a thread of it waits for work
	title     string        // what it says of itself in its title
	unseen    string        // why nobody can say whether it works; empty: it can be said
	signals   []sent
	hungTo    time.Duration // when its last hang was over; -1: it had none
	files     history.Descriptors
	filesSeq  uint64
	group     group
	leaving   bool // it said that it leaves by itself

	state     State
	since     time.Duration
	label     Label
	suspected time.Duration // when the present stall was first suspected; -1: not
	cause     *Cause
	stall     stall         // the present one, as last judged to be a hang
	confirmed time.Duration // when that was
	hang      *incident     // whose victim it is now
	hung      *incident     // whose victim it was last
}

// counts are how many requests were inside, or tasks open, at the last looks, oldest first: of 6 s.
type counts []countAt

type countAt struct {
	at time.Duration
	n  int
}

func (c *counts) note(at time.Duration, n int) {
	*c = append(*c, countAt{at, n})
	if len(*c) > 64 {
		*c = slices.Delete(*c, 0, 1)
	}
}

// least is the least since a moment, as far back as there are looks, and at most now.
func (c counts) least(since time.Duration, now int) int {
	for _, one := range c {
		if one.at >= since {
			now = min(now, one.n)
		}
	}
	return now
}

// usage is processor time used and waited for, up to a moment.
type usage struct{ at, used, delayed time.Duration }

// A thread is the last look at one thread.
type thread struct {
	history.ThreadSample
	at      time.Duration
	seq     uint64
	from    time.Duration // since when it stands still
	running time.Duration // since when every look found it on a processor; -1: the last did not
	place   string        // where the last whole look found it: the application's line, or "" where that is not known
	placed  time.Duration // since when every whole look found it there, and not idle; unset: the last did not
	slept   bool          // one of these found it in a sleep
	idled   time.Duration // when it was last seen idle; unset: never
}

// A stack is what a thread did, in its language's words, when it was read.
type stack struct {
	history.Stack
	at    time.Duration
	first time.Duration // when this piece of work was first seen at this place
	over  bool          // a later reading does not have it
	seq   uint64
}

// own is the application's own line; empty: none of its frames is the application's.
func (st *stack) own() string {
	if st == nil || st.Own <= 0 || st.Own > len(st.Frames) {
		return ""
	}
	return st.Frames[st.Own-1]
}

// sent is a signal that the server says it sent.
type sent struct {
	at     time.Duration
	signal string
	seq    uint64
	by     string // "arbiter", or who was seen to send it
}

func newProcess(pid, worker int, at time.Duration) *process {
	p := &process{
		pid: pid, worker: worker, seen: at, sampledAt: -1, before: -1, running: unset, beatAt: -1, hungTo: -1, suspected: -1, busyFrom: -1, answered: at, earliest: at, ended: at, endedMin: at, turned: at,
		grew: unset, grown: unset, stacksAt: unset, firstAt: unset, lookedAt: unset, upAt: unset,
		threads: map[int]*thread{}, obstacles: map[int]*obstacle{}, stacks: map[int]*stack{}, tasks: map[uint64]*stack{}, chains: map[int]history.Chain{}, group: noGroup(), state: Booting, since: at,
	}
	for r := range p.idled {
		p.idled[r] = unset
	}
	return p
}

// sampled takes what was seen of the whole process at one tick of the probe.
func (p *process) sampled(r history.Record, ev history.WorkerSample, slack time.Duration, busy float64) {
	old, first := p.sample, p.sampledAt < 0
	if first {
		p.firstAt = r.At
		if ev.Spoke > 0 {
			p.answered = max(p.answered, r.At-ev.Spoke)
			p.earliest = p.answered
		}
	}
	if !first && p.progressed(old, ev, r.At, slack) {
		p.answered, p.earliest = r.At, p.sampledAt
		if ev.Answered > old.Answered && ev.Spoke > 0 { // the kernel knows it better than our looks
			p.answered = min(max(r.At-ev.Spoke, p.sampledAt), r.At)
			p.earliest = p.answered
		}
	}
	if !first && ev.Answered > old.Answered {
		p.grew, p.grown = p.sampledAt, r.At
		if ev.Spoke > 0 {
			p.grew = min(max(r.At-ev.Spoke, p.sampledAt), r.At)
		}
	}
	if ev.Inside+ev.Idle > 0 || ev.Answered > 0 {
		p.ready = true
	}
	if !stopped(ev.State) {
		p.running = r.At
	}
	p.before = p.sampledAt
	p.sample, p.sampledAt, p.sampleSeq = ev, r.At, r.Seq
	p.inside.note(r.At, ev.Inside)
	p.computed(usage{r.At, ev.CPU, ev.RunDelay}, busy)
	p.cpu = append(p.cpu, usage{r.At, ev.CPU, ev.RunDelay})
	for len(p.cpu) > 2 && (len(p.cpu) > 64 || r.At-p.cpu[1].at >= time.Second) {
		p.cpu = slices.Delete(p.cpu, 0, 1)
	}
}

// progressed says whether a request was answered between two samples. The oldest request's beginning must not move while it waits; a client that gave up moves
// it as well, which is why a thread that is known to stand still counts for more. The beginning is computed from an age that was read before the sample was
// recorded, so it shifts where hangtime is slow: the same connection with an age that grew is the same request.
func (p *process) progressed(old, ev history.WorkerSample, at, slack time.Duration) bool {
	if ev.Answered > old.Answered || ev.Inside < old.Inside {
		return true
	}
	if len(old.Ports) > 0 && len(ev.Ports) > 0 && old.Ports[0] == ev.Ports[0] && ev.Oldest >= old.Oldest {
		return false
	}
	return old.Inside > 0 && ev.Inside > 0 && at-ev.Oldest > p.sampledAt-old.Oldest+slack
}

// began is when the oldest outstanding request came.
func (p *process) began() time.Duration { return p.sampledAt - p.sample.Oldest }

func (p *process) looked(r history.Record, ev history.ThreadSample, l Limits) {
	if len(p.threads) >= maxThreads && p.threads[ev.TID] == nil {
		return
	}
	t := &thread{ThreadSample: ev, at: r.At, seq: r.Seq, from: r.At - ev.Still, running: -1, placed: unset, idled: unset}
	old := p.threads[ev.TID]
	if !p.looking {
		p.looking, p.lookFrom = true, r.At
	}
	if old != nil {
		t.place, t.placed, t.slept, t.idled = old.place, old.placed, old.slept, old.idled
	}
	if ev.Idle {
		t.idled = r.At
	}
	if onProcessor(ev) {
		t.running = r.At
		if old != nil && old.running >= 0 && r.At-old.at <= l.Stale {
			t.running = old.running
		}
	}
	// The same standstill keeps the beginning that was first computed: it was nearest to the event.
	if old != nil && t.from-old.from <= l.Slack && old.Syscall == ev.Syscall {
		t.from = min(t.from, old.from)
		// It did not run since the last look, so that one and this one are the two looks that it takes.
		t.Twice = t.Twice || t.running < 0 && ev.Still >= r.At-old.at && (old.Twice || r.At-old.at >= lookTwice)
	}
	p.threads[ev.TID] = t
	if ev.Idle {
		p.idled[p.role(ev)] = r.At
	}
}

func onProcessor(t history.ThreadSample) bool { return t.State == "R" || t.Syscall == "running" }

// hindered takes what one of its threads waits for.
func (p *process) hindered(o *obstacle, l Limits) {
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

// traced takes a stack. All stacks of a process are read in one look: what is not among those of the last reading is over.
func (p *process) traced(r history.Record, ev history.Stack) {
	if p.stacksAt < p.lookFrom {
		for _, st := range p.tasks {
			st.over = true // unless it is read again
		}
	}
	p.stacksAt = r.At
	st := &stack{Stack: ev, at: r.At, first: r.At, seq: r.Seq}
	if ev.TID == 0 {
		if old := p.tasks[ev.ID]; old != nil && old.own() == st.own() {
			st.first = old.first
		}
		if len(p.tasks) < maxThreads || p.tasks[ev.ID] != nil {
			p.tasks[ev.ID] = st
		}
		return
	}
	if len(p.stacks) < maxThreads || p.stacks[ev.TID] != nil {
		p.stacks[ev.TID] = st
	}
}

// whole takes the end of a look: where each thread was found, beside what was found before.
func (p *process) whole(at time.Duration, idle func(*thread) bool) {
	p.looking, p.lookedAt, p.rests = false, at, false
	for tid, st := range p.stacks {
		p.ready = p.ready || st.at >= p.lookFrom && (st.Request != nil || st.Idle && (tid == p.pid || st.Pool)) // it has come so far as to serve
	}
	for id, st := range p.tasks {
		if st.over {
			delete(p.tasks, id)
		}
	}
	for _, t := range p.threads {
		if t.at < p.lookFrom {
			continue // not of this look
		}
		if idle(t) {
			t.place, t.placed, t.slept, t.idled = "", unset, false, at
			p.rests = true
			p.ready = p.ready || t.For == "connections" || t.For == "parent" && t.TID == p.pid
			continue
		}
		place := p.placeOf(t)
		if place == "" { // a lock without a name: to come back to it is no wait
			t.place, t.placed, t.slept = "", unset, false
			continue
		}
		if t.placed == unset || t.place != place {
			t.place, t.placed, t.slept = place, at, false
		}
		t.slept = t.slept || sleeps(t.ThreadSample, p.obstacles[t.TID])
	}
}

// sleeps says whether a thread is in a sleep: a call that only waits for time, or a poll that stands still with nothing to wait for.
func sleeps(t history.ThreadSample, behind *obstacle) bool {
	switch t.Syscall {
	case "nanosleep", "clock_nanosleep":
		return true
	case "poll", "ppoll", "select", "pselect6":
		return t.Twice && !t.Idle && behind == nil
	}
	return false
}

// placeOf is where a thread is, as far as it can be told apart from other places: the application's line, the innermost call, or the system call. "": a futex, which may be any lock.
func (p *process) placeOf(t *thread) string {
	st := p.stacks[t.TID]
	switch own := st.own(); {
	case own != "":
		return own
	case st != nil && len(st.Frames) > 0:
		return st.Frames[0]
	case t.Syscall == "futex":
		return ""
	}
	return t.Syscall
}

// followed takes how many of its tasks are open, by the client's ledger; absent means none.
func (p *process) followed(r history.Record, ev history.OpenTasks, slack time.Duration) {
	from := r.At - ev.Oldest
	switch {
	case p.open == 0 && ev.Open > 0:
		p.ended = max(p.seen, from) // nothing was asked of it before
		p.endedMin = p.ended
	case ev.Open < p.open, ev.Open > 0 && from > p.openFrom+slack:
		p.ended, p.endedMin, p.finished = r.At, p.tasksAt, true
	}
	p.tasksAt = r.At
	if ev.Open > p.open {
		p.took = r.At
	}
	p.open, p.openFrom, p.tasksSeq = ev.Open, from, r.Seq
	p.opened.note(r.At, p.open)
}

// beaten takes a worker's own sign of life. claims says that what it says of its tasks counts: nobody follows them from outside.
func (p *process) beaten(r history.Record, ev history.Heartbeat, claims bool) {
	if claims && ev.Turns > 0 {
		p.claimed(r, ev)
	}
	if p.beatAt >= 0 && ev.Turns != p.beat.Turns {
		p.turned = min(max(r.At-ev.Age, p.beatAt), r.At) // its age says it better, where it is the loop that gives the sign
	}
	if ev.Turns > 0 {
		p.ready = true
	}
	p.beat, p.beatAt = ev, r.At
}

// countsTurns says whether its sign of life counts the turns of its loop: then that alone says when the loop last turned.
func (p *process) countsTurns() bool { return p.beatAt >= 0 && p.beat.Turns > 0 }

// claimed takes how many tasks it says it has. Since when the oldest is open it does not say: since they were none, at the earliest.
func (p *process) claimed(r history.Record, ev history.Heartbeat) {
	switch {
	case p.open == 0 && ev.InFlight > 0:
		p.openFrom = max(p.beatAt, p.seen)
		if p.beatAt < 0 {
			p.openFrom, p.turned = r.At, r.At // watched from here on only
		}
		p.ended, p.endedMin = p.openFrom, p.openFrom
	case ev.InFlight < p.open:
		p.ended, p.endedMin, p.finished = r.At, p.tasksAt, true
	}
	p.tasksAt = r.At
	if ev.InFlight > p.open {
		p.took = r.At
	}
	p.open, p.tasksSeq = max(ev.InFlight, 0), r.Seq
	p.opened.note(r.At, p.open)
}

// forget drops what was seen of threads too long ago.
func (p *process) forget(now, stale time.Duration) {
	for tid, t := range p.threads {
		if now-t.at > stale {
			delete(p.threads, tid)
		}
	}
	for tid, o := range p.obstacles {
		if now-o.at > stale {
			delete(p.obstacles, tid)
		}
	}
	for tid := range p.stacks {
		if p.threads[tid] == nil && p.hang == nil {
			delete(p.stacks, tid)
		}
	}
	for tid := range p.chains {
		if p.obstacles[tid] == nil {
			delete(p.chains, tid)
		}
	}
	if now-p.lookedAt > 2*stale && len(p.tasks) > 0 {
		clear(p.tasks)
	}
}

// computed takes what it used between two samples. Whoever begins to compute between two samples goes on to the second: what it used is counted back from there, and from one sample
// to the one before where it used nearly all between them.
func (p *process) computed(now usage, busy float64) {
	if len(p.cpu) == 0 {
		return
	}
	last := p.cpu[len(p.cpu)-1]
	span, ran := now.at-last.at, now.used+now.delayed-last.used-last.delayed
	switch {
	case span <= 0:
	case float64(ran) < busy*float64(span):
		p.busyFrom, p.partly = -1, max(ran, 0)
	case p.busyFrom < 0:
		p.busyFrom = now.at - min(ran, span)
		if float64(ran) >= 0.95*float64(span) {
			p.busyFrom = last.at - p.partly
		}
	}
}

// shares are the parts of the last second in which it ran, summed over its threads, and in which they were ready and had no processor.
func (p *process) shares() (used, delayed float64) { return p.sharesSince(-1) }

// sharesSince are the same since a moment within the last second.
func (p *process) sharesSince(since time.Duration) (used, delayed float64) {
	i := slices.IndexFunc(p.cpu, func(u usage) bool { return u.at >= since })
	if i < 0 || i == len(p.cpu)-1 {
		return 0, 0
	}
	first, last := p.cpu[i], p.cpu[len(p.cpu)-1]
	span := last.at - first.at
	if span <= 0 {
		return 0, 0
	}
	return max(0, float64(last.used-first.used)/float64(span)), max(0, float64(last.delayed-first.delayed)/float64(span))
}

// A role is what a thread is to its worker, as far as its name and number tell.
type role int

const (
	other role = iota
	mainThread
	loopThread
	poolThread
	roles // how many there are
)

func (p *process) role(t history.ThreadSample) role {
	name := strings.ToLower(t.Name)
	switch {
	case strings.Contains(name, "loop"):
		return loopThread
	case strings.Contains(name, "pool") || strings.Contains(name, "exec") || strings.HasPrefix(name, "req-") || strings.Contains(name, "srv tp"): // puma: "puma srv tp 001"
		return poolThread
	case t.TID == p.pid:
		return mainThread
	}
	return other
}
