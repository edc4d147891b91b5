package probe

import (
	"context"
	"time"

	"github.com/hangtime-dev/hangtime/kernel/clock"
	"github.com/hangtime-dev/hangtime/kernel/proc"
	"github.com/hangtime-dev/hangtime/probe/threads"
)

// lastRun says when a thread was last on a processor.
type lastRun struct {
	fs     proc.FS
	clocks *clock.Processors
}

// ago is how long ago that was, by the scheduler's note (/proc/PID/task/TID/sched, se.exec_start).
// processor is the one that it last ran on.
func (l lastRun) ago(ctx context.Context, pid, tid, processor int) (time.Duration, bool) {
	start, ok := l.fs.Thread(pid, tid).ExecStart()
	// Zero: it was moved to another processor's queue since (migrate_task_rq_fair), as happens even to one that is
	// going to sleep; when it ran is not known then.
	if !ok || start == 0 {
		return 0, false
	}
	return l.clocks.Since(ctx, start, processor)
}

// at is when a thread last ran that stood still from first on: by the scheduler's note, held within the two ticks
// between which it was last seen to run. processor is the one that it last ran on.
func (l lastRun) at(ctx context.Context, pid int, t *threads.Thread, first time.Time, processor int) time.Time {
	latest := first
	if !t.Moved.IsZero() && t.Moved.Before(latest) {
		latest = t.Moved
	}
	ago, ok := l.ago(ctx, pid, t.TID, processor)
	if !ok {
		return latest
	}
	ran := time.Now().Add(-ago)
	if ran.After(latest) {
		ran = latest
	}
	if !t.QuietBefore.IsZero() && ran.Before(t.QuietBefore) {
		ran = t.QuietBefore
	}
	return ran
}

// still is for how long none of a process's threads ran but those of its runtime's housekeeping; zero: not known.
func (l lastRun) still(ctx context.Context, p *threads.Process) time.Duration {
	still := time.Duration(-1)
	for _, t := range p.Threads {
		if t.Housekeeping {
			continue
		}
		s, err := l.fs.Thread(p.PID, t.TID).Stat()
		if err != nil {
			continue
		}
		if ago, ok := l.ago(ctx, p.PID, t.TID, s.Processor); ok && (still < 0 || ago < still) {
			still = ago
		}
	}
	return max(still, 0)
}
