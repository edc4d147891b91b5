package probe

import (
	"context"
	"errors"
	"maps"
	"net/netip"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/kernel/clock"
	"github.com/hangtime-dev/hangtime/kernel/proc"
	"github.com/hangtime-dev/hangtime/probe/discovery"
	"github.com/hangtime-dev/hangtime/probe/requests"
	"github.com/hangtime-dev/hangtime/probe/sessions"
	"github.com/hangtime-dev/hangtime/probe/threads"
	"github.com/hangtime-dev/hangtime/probe/waits"
)

// A witness looks closer at a worker: twice at each thread, at what it waits for, and at what its code does. It records
// what it finds. One goroutine may use it.
type witness struct {
	fs       proc.FS
	rec      *history.Recorder
	target   discovery.Target
	requests *requests.Reader
	lastRun  lastRun
	waits    *waits.Finder
	stacks   *stackReader
	others   *otherStacks
	sessions *sessions.Reader
	troubles *troubles
}

func newWitness(fs proc.FS, rec *history.Recorder, target discovery.Target, requests *requests.Reader, lastRun lastRun,
	troubles *troubles) *witness {
	stacks := &stackReader{fs: fs, rec: rec, requests: requests, languages: languages(), arbiter: target.Arbiter, query: target.Query,
		troubles: troubles}
	waits := waits.New(fs, target.Netns, func(what string, err error) {
		if errors.Is(err, os.ErrPermission) {
			troubles.Unreadable(what, err)
		} else {
			troubles.Trouble(what, err)
		}
	})
	return &witness{
		fs: fs, rec: rec, target: target, requests: requests, lastRun: lastRun, troubles: troubles, waits: waits,
		stacks: stacks, others: &otherStacks{stacks: stacks}, sessions: sessions.New(waits, rec, target.Databases),
	}
}

func (w *witness) close() {
	w.sessions.Close()
	w.waits.Close()
}

// sideEvery is how often the other side of a wait is looked at again.
const sideEvery = time.Second

// glance reads what one thread is at. Its account is read before and after: what lies between belongs together only if
// it did not run.
func (w *witness) glance(of *threads.Process, t *threads.Thread) (*threadLook, bool) {
	before, err := of.Account(t)
	if err != nil {
		return nil, false
	}
	l := &threadLook{sched: before}
	if l.stat, err = w.fs.Thread(of.PID, t.TID).Stat(); err != nil {
		return nil, false
	}
	l.call, err = w.fs.Thread(of.PID, t.TID).Call()
	w.troubles.Unreadable("the system calls of the workers", err)
	l.known = err == nil
	after, err := of.Account(t)
	if err != nil {
		return nil, false
	}
	if after.Runs != before.Runs || after.Ran != before.Ran {
		l.call, l.known = proc.Call{Running: true}, true // it ran while we looked
	}
	return l, true
}

// lookCloser is the first of two looks at every thread that has run since it was last found standing: its account alone,
// as this tick has read it. A thread that does not run changes neither its state nor its call, so the second look tells
// what it was at here too.
func (w *witness) lookCloser(one *worker) {
	l := &one.looks
	l.firstAt = time.Now()
	l.sweep(len(one.threads.Threads))
	for _, t := range one.threads.Threads {
		if v := l.of(t); v.found == nil {
			v.first = &firstLook{t.Last(), l.firstAt}
		}
	}
}

// dueAt is when the next second look is due; zero: none is.
func (w *witness) dueAt(workers []*worker) time.Time {
	var next time.Time
	for _, one := range workers {
		if due := one.looks.dueAt(); !due.IsZero() && (next.IsZero() || due.Before(next)) {
			next = due
		}
	}
	return next
}

// lookAgain is the second look, and what both say is recorded.
func (w *witness) lookAgain(ctx context.Context, now time.Time, workers []*worker) {
	shared := w.server(workers)
	for _, one := range workers {
		l := &one.looks
		if due := l.dueAt(); due.IsZero() || now.Before(due) {
			continue
		}
		server := shared
		if one.sample.Inside+one.sample.Idle > 0 {
			server.Clients = w.requests.Clients(one.PID)
		}
		for _, t := range one.threads.Threads {
			w.evidence(ctx, one, t, server)
		}
		if clients, each := l.attended(); each && one.sample.Doubtful > 0 {
			w.requests.Attend(one.PID, l.firstAt, clients)
		}
		w.stacks.read(now, one)
		w.tellChildren(one, server)
		w.readUpstream(now, one, server)
		w.sessions.Suspect(now, one.PID, l.language.keys, server)
		l.firstAt = time.Time{}
		l.proven = l.idles(one.PID)
		w.rec.Record(history.Looked{PID: one.PID, Title: w.title(now, one)})
	}
	w.sessions.Ask(ctx, now)
}

// evidence records one thread, and what it waits for.
func (w *witness) evidence(ctx context.Context, one *worker, t *threads.Thread, server waits.Server) {
	v := one.looks.of(t)
	if f := v.found; f != nil {
		is, err := one.threads.Account(t)
		if err != nil {
			return
		}
		if is.Runs == f.look.sched.Runs && is.Ran == f.look.sched.Ran {
			w.tell(one, f, server)
			v.idle, v.post = f.sample.Idle, postOf(f.sample, f.behind)
			return
		}
		v.found, v.first = nil, nil
	}
	was := v.first
	v.first = nil
	is, ok := w.glance(one.threads, t)
	if !ok || was == nil {
		return
	}
	sample := history.ThreadSample{PID: one.PID, TID: t.TID, Name: is.stat.Comm, State: stateName(is.stat.State)}
	still := is.sched.Runs == was.sched.Runs && is.sched.Ran == was.sched.Ran && !is.call.Running && is.stat.State != 'R'
	if is.known {
		sample.Syscall = is.call.Name()
	}
	sample.Wchan = w.fs.Thread(one.PID, t.TID).Wchan()
	if still {
		sample.Stack = w.fs.Thread(one.PID, t.TID).Stack()
	}
	f := &finding{thread: t, look: is, sample: sample}
	if !still {
		answer := w.waits.Behind(w.subject(one, f), server)
		f.sample.Args, f.sample.Idle, f.sample.For = answer.Words, answer.Idle || t.Housekeeping, answer.For
		f.sample.Only = answer.Only
		f.sample.Age = clock.Boot() - proc.Ticks(is.stat.Start)
		v.idle, v.post = f.sample.Idle, postOf(f.sample, answer.Event)
		w.rec.Record(f.sample)
		if asks(answer.Event) && !f.sample.Idle {
			w.rec.Record(answer.Event) // a wait with a time limit begins again and again
		}
		return
	}
	f.sample.Twice, v.found = true, f
	f.since = w.lastRun.at(ctx, one.PID, t, was.at, is.stat.Processor)
	w.tell(one, f, server)
	v.idle, v.post = f.sample.Idle, postOf(f.sample, f.behind)
}

// asks says whether a wait is for another process: it is the same wait however often the thread comes back to it.
func asks(wait history.Event) bool {
	switch wait.(type) {
	case history.SocketWait, history.ChildWait, history.PipeWait, history.LockWait:
		return true
	}
	return false
}

// subject is a thread as one whose wait is looked behind.
func (w *witness) subject(one *worker, f *finding) waits.Subject {
	s := waits.Subject{
		PID: one.PID, TID: f.sample.TID, Call: f.look.call, State: f.look.stat.State,
		Wchan: f.sample.Wchan, Stack: f.sample.Stack, Parks: one.threads.Go,
	}
	if !f.look.known {
		s.Call = proc.Call{Running: true}
	}
	for _, t := range one.threads.Threads {
		s.Threads = append(s.Threads, t.TID)
	}
	return s
}

// server is what a thread's wait is held against.
func (w *witness) server(workers []*worker) waits.Server {
	s := waits.Server{Arbiter: w.target.Arbiter, Listening: w.requests.Listening(), Ports: map[uint16]bool{},
		Names: map[string]bool{}}
	for _, one := range workers {
		s.Workers = append(s.Workers, one.PID)
	}
	for _, address := range w.target.Addresses() {
		if name, ok := strings.CutPrefix(address, "unix:"); ok {
			s.Names[name] = true
		} else if at, err := netip.ParseAddrPort(address); err == nil {
			s.Ports[at.Port()] = true
		}
	}
	return s
}

// tell records what a thread was found at, and the other side of its wait.
func (w *witness) tell(one *worker, f *finding, server waits.Server) {
	now := time.Now()
	if now.Sub(f.asked) >= sideEvery {
		f.asked = now
		answer := w.waits.Behind(w.subject(one, f), server)
		f.behind, f.sample.For, f.sample.Only, f.sample.Args = answer.Event, answer.For, answer.Only, answer.Words
		f.sample.Idle = answer.Idle || f.thread.Housekeeping
		f.chain = nil
		if f.behind != nil && !f.sample.Idle {
			f.chain = w.waits.Chain(one.PID, f.behind, server)
			w.others.follow(now, f.chain)
		}
	}
	still := max(now.Sub(f.since), 0)
	f.sample.Still, f.sample.Age = still, clock.Boot()-proc.Ticks(f.look.stat.Start)
	w.rec.Record(f.sample)
	if f.behind != nil {
		w.rec.Record(waits.Standing(f.behind, still))
	}
	if len(f.chain) > 0 {
		w.rec.Record(history.Chain{PID: one.PID, TID: f.sample.TID, Links: f.chain})
	}
}

// tellChildren records the children that threads wait for by their language's account, where their system calls do not
// tell what they wait for.
func (w *witness) tellChildren(one *worker, server waits.Server) {
	children := one.looks.language.children
	for _, tid := range slices.Sorted(maps.Keys(children)) {
		f := one.looks.found(tid)
		if f == nil || f.behind != nil || f.sample.Idle {
			continue
		}
		f.behind = w.waits.Child(w.subject(one, f), children[tid], server)
		if f.behind == nil {
			continue
		}
		f.chain = w.waits.Chain(one.PID, f.behind, server)
		w.others.follow(f.asked, f.chain)
		w.rec.Record(waits.Standing(f.behind, f.sample.Still))
		w.rec.Record(history.Chain{PID: one.PID, TID: tid, Links: f.chain})
	}
}

// upstreamEvery is how often it is looked which servers owe a worker answers.
const upstreamEvery = time.Second

// readUpstream records whose answers a worker, or a program by itself, waits for outside of its threads' calls.
func (w *witness) readUpstream(now time.Time, one *worker, server waits.Server) {
	alone := one.alone(w.target.Arbiter) && one.sample.Inside == 0
	asked := one.sample.Inside > 0 && one.sample.Oldest >= upstreamEvery
	if !alone && !asked || now.Sub(one.looks.upstreamAt) < upstreamEvery {
		return
	}
	one.looks.upstreamAt = now
	all := w.waits.Upstream(one.PID, server)
	one.looks.owed = alone && len(all) > 0
	var owed []history.Owed
	if alone {
		owed = w.waits.Owed(one.PID, server)
	}
	if len(all)+len(owed) > 0 {
		w.rec.Record(history.Upstream{PID: one.PID, Waits: all, Owed: owed})
	}
}

// titleEvery is how often a worker's title is read.
const titleEvery = time.Second

// title is what a worker says of itself.
func (w *witness) title(now time.Time, one *worker) string {
	l := &one.looks
	if now.Sub(l.titleAt) >= titleEvery {
		l.titleAt, l.title = now, w.waits.Title(one.PID)
	}
	return l.title
}
