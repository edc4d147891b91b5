package probe

import (
	"slices"
	"time"

	"github.com/hangtime-dev/hangtime/kernel/proc"
)

// lockWaiters says which workers wait for a file lock: it shows a hang of a loop that has no request of its own. One
// goroutine may use it.
type lockWaiters struct {
	fs       proc.FS
	troubles *troubles
	file     proc.OpenFile // /proc/locks
	text     []byte        // as last read
	pids     []int         // who waits, by that text
	readAt   time.Time
}

// locksEvery is how often the file locks are read whatever was seen.
const locksEvery = time.Second

// read counts for each worker the ticks in a row at which it waits. Who does not run does not begin to wait and does
// not end it.
func (l *lockWaiters) read(now time.Time, workers []*worker) {
	ran := slices.ContainsFunc(workers, func(one *worker) bool { return one.threads.Ran })
	if ran || now.Sub(l.readAt) >= locksEvery {
		l.readAt = now
		l.readFile()
	}
	for _, one := range workers {
		if slices.Contains(l.pids, one.PID) {
			one.lockTicks++
		} else {
			one.lockTicks = 0
		}
	}
}

func (l *lockWaiters) readFile() {
	l.pids = l.pids[:0]
	if !l.file.IsOpen() {
		var err error
		if l.file, err = proc.Open(l.fs.LocksPath()); err != nil {
			l.troubles.Trouble("read the file locks", err)
			return
		}
	}
	text, err := l.file.Whole(l.text, proc.MaxLocks)
	if err != nil {
		l.troubles.Trouble("read the file locks", err)
		l.file.Close()
		return
	}
	l.text = text
	l.pids = proc.LockWaiters(text, l.pids)
}

func (l *lockWaiters) close() { l.file.Close() }
