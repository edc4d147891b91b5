package node

import (
	"strings"
	"time"

	"github.com/hangtime-dev/hangtime/kernel/proc"
	"github.com/hangtime-dev/hangtime/stacks"
	"github.com/hangtime-dev/hangtime/stacks/foreign"
)

// workers are the threads of Node.js' Worker (worker_threads). Each runs JavaScript in an isolate of its own.
type workers struct {
	process  stacks.Process
	ids      *stacks.ThreadIDs
	known    map[int]uint64 // where threads have their own things; 0: it was not found
	soughtAt time.Time
}

const (
	maxWorkers = 8 // threads of which a look tells
	maxSought  = 1024
	// seekEvery is how often new threads are sought: that reads the end of each thread's stack.
	seekEvery = time.Second
	// seekBytes is how much: the C library puts a thread's own things and the program's variables of it at its stack's end.
	seekBytes = 32 << 10
	maxSeek   = 8 << 20
)

// A worker is one, with its isolate.
type worker struct {
	tid     int
	isolate uint64
}

// list are those that there are now.
func (w *workers) list(view *foreign.View, v variable, main uint64) (all []worker) {
	threads, err := proc.FS(w.process.Proc).Threads(w.process.PID)
	if err != nil || len(threads) > maxSought {
		return nil
	}
	w.seek(threads)
	for _, tid := range threads {
		if tid == w.process.PID || w.known[tid] == 0 || len(all) >= maxWorkers {
			continue
		}
		if at := v.isolate(view, w.known[tid]); at != 0 && at != main {
			all = append(all, worker{tid, at})
		}
	}
	return all
}

// seek finds where threads have their own things that are not known yet, and forgets those that have ended.
func (w *workers) seek(threads []int) {
	lives, unknown := map[int]uint64{}, false
	for _, tid := range threads {
		at, known := w.known[tid]
		lives[tid] = at
		unknown = unknown || !known
	}
	if !unknown || time.Since(w.soughtAt) < seekEvery {
		return
	}
	w.soughtAt = time.Now()
	view := &foreign.View{Memory: w.process.Memory, Reads: maxSought, Bytes: maxSeek}
	found, err := controls(w.process, view, w.ids, isThreadStack, seekBytes, 0)
	if err != nil {
		return
	}
	for tid := range lives {
		if at := found[tid]; at != 0 {
			lives[tid] = at
		}
	}
	w.known = lives
}

// isThreadStack says that memory may be the stack of a thread: below lies a piece that nobody may touch (pthread_create(3)).
func isThreadStack(below, a proc.Mapping) bool {
	return below.High == a.Low && strings.HasPrefix(below.Rights, "-")
}
