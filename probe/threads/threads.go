// Package threads follows what the scheduler says of each thread of the workers: which ran since the tick before, and
// how much processor time all of them have had.
package threads

import (
	"slices"
	"time"

	"github.com/hangtime-dev/hangtime/kernel/proc"
	"github.com/hangtime-dev/hangtime/probe/bulk"
)

// A Reader reads the account of every thread of every process that it follows. One goroutine may use it.
type Reader struct {
	fs         proc.FS
	bulk       *bulk.Reader
	processes  []*Process
	goPrograms goPrograms
}

// NewReader prepares to read; the processes that are followed are watched by bulk too.
func NewReader(fs proc.FS, bulk *bulk.Reader) *Reader {
	return &Reader{fs: fs, bulk: bulk, goPrograms: goPrograms{}}
}

// Follow adds a process.
func (r *Reader) Follow(pid int) *Process {
	p := &Process{PID: pid, Go: r.goPrograms.runs(r.fs, pid), Java: startedByJava(r.fs, pid), fs: r.fs}
	r.processes = append(r.processes, p)
	r.bulk.Watch(pid)
	return p
}

// Forget takes a process out again.
func (r *Reader) Forget(p *Process) {
	r.bulk.Forget(p.PID)
	r.processes = slices.DeleteFunc(r.processes, func(one *Process) bool { return one == p })
	p.close()
}

// Read reads all accounts at tick now.
func (r *Reader) Read(now time.Time) {
	count := 0
	for _, p := range r.processes {
		count += len(p.Threads)
	}
	r.bulk.Tick(count)
	if rows, ok := r.bulk.Threads(count); ok {
		for _, p := range r.processes {
			p.take(now, bulk.ThreadsOf(rows, p.PID))
		}
		return
	}
	began := time.Now()
	for _, p := range r.processes {
		p.refresh(now)
	}
	if count > 0 {
		r.bulk.ThreadsTook(time.Since(began), count)
	}
}
