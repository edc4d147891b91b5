package http1

import (
	"time"

	"github.com/hangtime-dev/hangtime/loadgen/hit"
)

const (
	flushEvery = 10 * time.Millisecond // outcomes wait at most so long in the loop
	flushAt    = 1024                  //
	cpuEvery   = 50 * time.Millisecond // reading the thread's processor time is a system call
)

// A tally counts what is sent and gathers what became of it, for the account.
type tally struct {
	sink    *hit.Sink
	meter   *hit.Meter
	senders int

	busy      int
	open      int
	freeSince time.Duration // since when at least one sender is free

	batch   []hit.Outcome
	flushed time.Duration

	sent, late uint64
	lagged     uint64 // of the late ones, those for which a sender was free
	lag        time.Duration
	cpu0       time.Duration // the thread's processor time before the attack: Go hands out threads that have worked
	measured   time.Duration // when the thread's processor time was last read
}

func (t *tally) flush() {
	if len(t.batch) > 0 {
		t.sink.Add(t.batch...)
		clear(t.batch)
		t.batch = t.batch[:0]
	}
}

// publish tells the account where the loop stands; oldest is when the oldest hit in flight was due, 0 where none is.
func (t *tally) publish(now, oldest time.Duration) {
	if now-t.flushed >= flushEvery {
		t.flush()
		t.flushed = now
	}
	m := t.meter
	m.Sent.Store(t.sent)
	m.Late.Store(t.late)
	m.Lagged.Store(t.lagged)
	m.InFlight.Store(int64(t.busy))
	m.Connections.Store(int64(t.open))
	m.Oldest.Store(int64(oldest))
	if t.lag > 0 {
		m.LagBy(t.lag)
		t.lag = 0
	}
	if now-t.measured >= cpuEvery {
		t.measured = now
		m.CPU.Store(int64(threadCPU() - t.cpu0))
	}
}

// begun counts a hit that was sent, at a moment.
func (t *tally) begun(due, now time.Duration) {
	if due == whenSent {
		return
	}
	own := t.freeSince <= due // a sender was free: the delay is ours
	if now-due > hit.LateAfter {
		t.late++
		if own {
			t.lagged++
		}
	}
	if own {
		t.lag = max(t.lag, now-due)
	}
}

// released counts a sender that became free.
func (t *tally) released(now time.Duration) {
	if t.busy == t.senders {
		t.freeSince = now
	}
	t.busy--
	if len(t.batch) >= flushAt {
		t.flush()
	}
}
