package probe

import (
	"context"
	"os"
	"time"

	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/kernel/proc"
	"github.com/hangtime-dev/hangtime/probe/requests"
)

// A sampler takes one worker's sample of a tick. One goroutine may use it.
type sampler struct {
	fs       proc.FS
	requests *requests.Reader
	lastRun  lastRun
	line     []byte // a line of /proc, read and parsed at once
}

// take takes the sample; false: the worker is ending, which the next wait sees.
func (s *sampler) take(ctx context.Context, now time.Time, one *worker) bool {
	a := &one.account
	if !a.refresh(now, s.line, one.threads) {
		return false
	}
	switch {
	case !a.begun: // how much it had used before, and when it last ran
		a.begun = true
		a.before = max(a.last.CPU-one.threads.CPU(), 0)
		a.moved = now.Add(-s.lastRun.still(ctx, one.threads))
	case one.threads.Mattered:
		a.moved = now
	}
	sum := s.requests.Of(one.PID)
	one.sample = history.WorkerSample{
		PID: one.PID, Worker: one.Place, State: stateName(a.last.State),
		Usage: history.Usage{
			CPU: a.before + one.threads.CPU(), RunDelay: one.threads.Delay(),
			RSS: a.last.RSS * uint64(os.Getpagesize()), Threads: a.last.Threads,
		},
		Connections: history.Connections{Inside: sum.Inside, Oldest: sum.Oldest, Idle: sum.Idle, Silent: sum.Silent},
		Moved:       one.threads.Mattered, Still: max(now.Sub(a.moved), 0), Answered: sum.Answered,
		Outstanding: history.Outstanding{
			Spoke: sum.Spoke, LeastAge: sum.LeastAge, Doubtful: sum.Doubtful, DoubtfulFor: sum.DoubtfulFor, Unread: sum.Unread,
		},
	}
	one.sample.Ports, one.sample.Ages = sum.Ports()
	if one.sample.State == "t" {
		one.sample.Tracer = s.tracer(one.PID)
	}
	one.noListener = one.noListener && sum.Inside+sum.Idle+sum.Silent == 0
	return true
}

// tracer is who holds a process with ptrace(2); nil: nobody (any more).
func (s *sampler) tracer(pid int) *history.Peer {
	status, err := s.fs.Status(pid)
	if err != nil || status.Tracer == 0 {
		return nil
	}
	tracer := status.Tracer
	if thread, err := s.fs.Status(tracer); err == nil { // the kernel names the thread that holds it
		tracer = thread.TGID
	}
	return &history.Peer{PID: tracer, Command: s.fs.Command(tracer)}
}
