package probe

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/kernel/clock"
	"github.com/hangtime-dev/hangtime/kernel/proc"
	"github.com/hangtime-dev/hangtime/probe/bulk"
	"github.com/hangtime-dev/hangtime/probe/discovery"
	"github.com/hangtime-dev/hangtime/probe/limits"
	"github.com/hangtime-dev/hangtime/probe/requests"
	"github.com/hangtime-dev/hangtime/probe/threads"
	"github.com/hangtime-dev/hangtime/probe/wakeup"
)

// A watcher looks at everything at each tick, and closer where something is strange. It does so on one goroutine;
// nothing else may touch it.
type watcher struct {
	fs     proc.FS
	rec    *history.Recorder
	target discovery.Target
	waiter *wakeup.Waiter
	ticked chan struct{} // holds one
	ticks  atomic.Int64  // that are over
	due    time.Time     // of the next tick

	bulk     *bulk.Reader
	clocks   *clock.Processors
	roster   *roster
	threads  *threads.Reader
	requests *requests.Reader
	locks    *lockWaiters
	sampler  *sampler
	witness  *witness

	halted  *haltReader
	backlog backlog
	dropped uint64    // connections that the kernel has dropped, as last told
	dropsAt time.Time // when dropped connections were last counted
}

// newWatcher prepares to watch; ctx must end before the watcher is closed.
func newWatcher(ctx context.Context, fs proc.FS, target discovery.Target, rec *history.Recorder) (*watcher, error) {
	if _, err := fs.Stat(target.Arbiter); err != nil {
		return nil, fmt.Errorf("look at the arbiter, process %d: %w", target.Arbiter, err)
	}
	waiter, err := wakeup.New()
	if err != nil {
		return nil, err
	}
	troubles := &troubles{rec: rec, said: map[string]bool{}}
	bulk := bulk.New(fs == "/proc", func(err error) {
		troubles.Harmless("read by BPF iterator", fmt.Errorf("%w (/proc is read instead)", err))
	})
	requests, err := requests.Open(fs, target.Netns, target.Addresses(), bulk, troubles)
	if err != nil {
		waiter.Close()
		return nil, err
	}
	threads := threads.NewReader(fs, bulk)
	clocks := clock.Start(ctx, fs)
	lastRun := lastRun{fs: fs, clocks: clocks}
	witness := newWitness(fs, rec, target, requests, lastRun, troubles)
	return &watcher{
		fs: fs, rec: rec, target: target, waiter: waiter, ticked: make(chan struct{}, 1),
		bulk: bulk, clocks: clocks, threads: threads, requests: requests,
		roster: &roster{
			fs: fs, rec: rec, crews: crewsOf(fs, target, requests), waiter: waiter, threads: threads, requests: requests,
			groups: limits.NewGroups(fs), births: openBirths(fs, target.Arbiter, waiter), signals: newSignals(fs, rec),
		},
		locks:   &lockWaiters{fs: fs, troubles: troubles},
		sampler: &sampler{fs: fs, requests: requests, lastRun: lastRun, line: make([]byte, maxLine)},
		witness: witness, halted: &haltReader{fs: fs, waits: witness.waits, arbiter: target.Arbiter},
	}, nil
}

func (w *watcher) close() {
	w.clocks.Wait()
	w.roster.close()
	w.requests.Close()
	w.bulk.Close()
	w.locks.close()
	w.witness.close()
	w.waiter.Close()
}

const (
	// statusEvery is how often the status of a process that ended is asked for again.
	statusEvery = 5 * time.Millisecond
	// tooLate is from when on a tick of our own says more of this machine than of the server.
	tooLate = 100 * time.Millisecond
)

// run ticks until ctx ends. Between two ticks a death wakes it, and so does the second look at a suspicious worker.
func (w *watcher) run(ctx context.Context) {
	w.due = time.Now().Add(sampleEvery)
	for ctx.Err() == nil {
		until := w.due
		again := w.witness.dueAt(w.roster.workers)
		if !again.IsZero() && again.Before(until) {
			until = again
		}
		ending := w.roster.ending()
		if soon := time.Now().Add(statusEvery); ending && soon.Before(until) {
			until = soon
		}
		birth := w.roster.birthDue
		if !birth.IsZero() && birth.Before(until) {
			until = birth
		}
		w.waiter.Wait(until)
		if ctx.Err() != nil {
			return
		}
		now := time.Now()
		if ending || now.Before(until) || !birth.IsZero() && !now.Before(birth) {
			w.roster.reap(now)
			w.roster.discover(now)
		}
		if !again.IsZero() && !now.Before(again) {
			w.witness.lookAgain(ctx, now, w.roster.workers)
		}
		if !now.Before(w.due) {
			late := now.Sub(w.due)
			if late > tooLate {
				w.rec.Record(history.Tick{Late: late})
			}
			w.tick(ctx, now)
			w.due = w.due.Add((late/sampleEvery + 1) * sampleEvery)
		}
	}
}

// tick looks at everything once.
func (w *watcher) tick(ctx context.Context, now time.Time) {
	w.roster.reap(now)
	w.roster.discover(now)
	w.threads.Read(now)
	w.locks.read(now, w.roster.workers)
	w.readSockets(now)
	w.witness.sessions.Take(ctx)
	for _, one := range w.roster.workers {
		w.look(ctx, now, one)
	}
	w.readLimits(now)
	w.ticks.Add(1)
	select {
	case w.ticked <- struct{}{}:
	default:
	}
}

// readSockets reads the server's sockets and records what its listeners hold.
func (w *watcher) readSockets(now time.Time) {
	for _, one := range w.roster.workers {
		one.sockets.Ran = one.threads.Ran
	}
	w.requests.Read(now)
	if waiting, limit, listening := w.requests.Backlog(); listening {
		w.backlog.note(waiting)
		w.rec.Record(history.Listener{Address: w.target.Address, Backlog: waiting, Limit: limit})
	}
}

// tasksCloser is how long a worker may have tasks of which none ends before its threads are worth a look: those of an
// executor may all be taken while its loop turns.
const tasksCloser = closer

// look records one worker's tick and looks closer where something is strange.
func (w *watcher) look(ctx context.Context, now time.Time, one *worker) {
	if !w.sampler.take(ctx, now, one) {
		return
	}
	w.rec.Record(one.sample)
	s := signs{
		sample: one.sample, lockTicks: one.lockTicks, backlog: w.backlog,
		noListener: one.noListener, proven: one.looks.proven, works: one.looks.works() || one.looks.owed,
		stands: one.looks.stand(one.threads.Threads),
	}
	if beat := one.heartbeat.Read(now, one.threads.Ran); beat != nil {
		w.rec.Record(beat.Heartbeat)
		s.busy = beat.Busy
		if open := one.heartbeat.TasksFor(now); open >= tasksCloser {
			s.busy = max(s.busy, open)
		}
	}
	if one.attention.due(now, s) {
		w.witness.lookCloser(one)
		w.readGroup(now, one)
	}
}

// slowEvery is how often what changes slowly is read: control groups, descriptors, dropped connections. The workers
// take turns, so that no tick has to do it for all.
const slowEvery = time.Second

func (w *watcher) readLimits(now time.Time) {
	for _, one := range w.roster.workers {
		if now.Before(one.limitsAt) {
			continue
		}
		pause := slowEvery
		if one.limitsAt.IsZero() { // the first time
			pause -= time.Duration(one.Place%int(slowEvery/sampleEvery)) * sampleEvery
		}
		one.limitsAt = now.Add(pause)
		w.readGroup(now, one)
		first := one.looks.firstAt
		if table, news := one.limits.Descriptors(now, !first.IsZero() && now.Sub(first) < time.Second); news {
			w.rec.Record(table)
		}
	}
	if now.Sub(w.dropsAt) < slowEvery {
		return
	}
	w.dropsAt = now
	server, serves := w.witness.server(w.roster.workers), w.roster.known(w.target.Arbiter)
	for _, one := range w.halted.read(now, server, w.requests.Reads(), serves) {
		w.rec.Record(one)
	}
	if dropped := w.requests.Dropped(); dropped > w.dropped {
		w.dropped = dropped
		w.rec.Record(history.Overflow{Dropped: dropped, Own: true})
	}
}

// readGroup records the limits under which a worker runs, where it has any.
func (w *watcher) readGroup(now time.Time, one *worker) {
	if group, news := one.limits.Group(now); news {
		w.rec.Record(group)
	}
}
