package http1

import (
	"context"
	"runtime"
	"time"

	"golang.org/x/sys/unix"

	"github.com/hangtime-dev/hangtime/loadgen/hit"
	"github.com/hangtime-dev/hangtime/loadgen/schedule"
)

const (
	burst       = 32          // hits begun before answers are looked at again
	longestWait = time.Second // of the loop
)

// Run sends the hits of the job and returns when all have ended, or at once when ctx ends: those in flight are then
// unanswered, those not sent dropped.
func (e *Engine) Run(ctx context.Context) error {
	poll, err := newPoller(&e.waker)
	if err != nil {
		return err
	}
	defer poll.close()
	e.poll = poll
	// The loop's thread waits in the kernel without telling Go's scheduler (see poller.wait): the place it holds there
	// is made good by one more.
	addPlaces(1)
	defer addPlaces(-1)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		runtime.LockOSThread() // for good: the thread's timer slack is ours, and the thread ends with this goroutine
		// A thread's timers may be 50 µs late by default (PR_SET_TIMERSLACK, prctl(2)).
		_ = unix.Prctl(unix.PR_SET_TIMERSLACK, 1, 0, 0, 0)
		stop := context.AfterFunc(ctx, e.waker.stir)
		defer stop()
		e.loop(ctx)
	}()
	<-ended
	return nil
}

// loop is all that the thread does.
func (e *Engine) loop(ctx context.Context) {
	e.cpu0 = threadCPU()
	addresses, err := addressesOf(e.hostport, e.job.Socket, e.job.Hosts)
	if err != nil {
		// Every hit fails with this, at its own time.
		addresses = []address{{family: -1, text: e.hostport + ": " + err.Error()}}
	}
	e.addresses = addresses
	e.freeSince = e.job.Begin
	if e.job.ClosedLoop() {
		e.crowd = schedule.NewCrowd(e.job.Users, e.job.Think, e.job.Begin)
	}
	for {
		now := e.job.Now()
		if ctx.Err() != nil {
			e.abandon(now)
			break
		}
		e.expire(now)
		more := e.begin(now)
		if e.closed && e.n >= e.last && e.busy == 0 {
			break
		}
		var events []unix.EpollEvent
		if more {
			e.publish(now, e.oldest())
			events = e.poll.peek()
		} else {
			patience := e.patience(now)
			if patience >= flushEvery {
				e.flush() // what would otherwise have to be woken up for
			}
			e.publish(now, e.oldest())
			if e.busy > 0 && e.busy < e.job.Senders && e.sleep.maySleep(patience) {
				events = e.poll.sleep(patience)
			} else {
				events = e.poll.wait(patience)
			}
		}
		for i := range events {
			e.handle(&events[i])
		}
	}
	for _, c := range e.conns {
		e.drop(c)
	}
	e.flush()
	e.publish(e.job.Now(), e.oldest())
}

// begin sends the hits that are due; more says that there are still some, and senders for them.
func (e *Engine) begin(now time.Duration) (more bool) {
	if !e.closed && now >= e.job.End() {
		e.end(now)
	}
	for range burst {
		due := e.due()
		if due > now {
			return false
		}
		target := e.job.TargetOf(e.n)
		if now-due > e.requests[target].Timeout && e.crowd == nil {
			e.batch = append(e.batch, hit.Outcome{Seq: e.n, Due: due, Sent: now, End: now, Class: hit.ClassDropped,
				Target: target})
			e.n++
			continue
		}
		if e.busy >= e.job.Senders {
			return false
		}
		if e.crowd != nil {
			e.crowd.Take()
			if e.job.Think == 0 {
				due = whenSent
			}
		}
		e.hit(e.n, due, target)
		e.n++
	}
	return true
}

// hit sends one hit on an idle connection or a new one.
func (e *Engine) hit(n uint64, due time.Duration, target uint32) {
	e.busy++
	e.sent++
	now := e.carry(n, due, target)
	e.begun(due, now)
}

// expire ends the hits whose time is up, and connections that the server does not close.
func (e *Engine) expire(now time.Duration) {
	for i := range e.flying {
		for c := e.flying[i].head; c != nil && c.deadline <= now; c = e.flying[i].head {
			e.fail(c, hit.ErrTimeout)
		}
	}
	for c := e.leave.head; c != nil && c.deadline <= now; c = e.leave.head {
		e.forget(c)
	}
}

// abandon ends the attack at once: what is in flight is unanswered, what was due and not sent is dropped.
func (e *Engine) abandon(now time.Duration) {
	if !e.closed {
		e.end(now)
	}
	for i := range e.flying {
		for c := e.flying[i].head; c != nil; c = e.flying[i].head {
			e.fail(c, hit.ErrUnanswered)
		}
	}
	for ; e.n < e.last; e.n++ {
		e.batch = append(e.batch, hit.Outcome{
			Seq: e.n, Due: e.job.DueAt(e.n), Sent: now, End: now, Class: hit.ClassDropped, Target: e.job.TargetOf(e.n),
		})
		if len(e.batch) >= flushAt {
			e.flush()
		}
	}
}

// patience is how long nothing needs to be done.
func (e *Engine) patience(now time.Duration) time.Duration {
	next := now + longestWait
	for i := range e.flying {
		if c := e.flying[i].head; c != nil {
			next = min(next, c.deadline)
		}
	}
	if c := e.leave.head; c != nil {
		next = min(next, c.deadline)
	}
	if !e.closed {
		next = min(next, e.job.End())
	}
	if due := e.due(); due != schedule.Never {
		if e.busy < e.job.Senders {
			next = min(next, due)
		} else {
			next = min(next, due+e.limitOf(e.n))
		}
	}
	return next - now
}

func (e *Engine) limitOf(n uint64) time.Duration { return e.requests[e.job.TargetOf(n)].Timeout }
