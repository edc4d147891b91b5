// Package python reads what a CPython process does, 3.10 to 3.14, out of its memory: its threads, asyncio tasks and
// greenlets, what each waits for and which request it works on.
//
// It stops nothing, loads nothing and writes nothing. What is read may change meanwhile: every pointer may lead
// anywhere, so each is read with the kernel's help, every list and string has a bound, and what makes no sense is left out.
package python

import (
	"errors"
	"fmt"

	"github.com/hangtime-dev/hangtime/stacks"
)

// Open finds a CPython interpreter in a process; stacks.ErrNone where there is none. Who opens many processes uses
// one Finder.
func Open(process stacks.Process) (stacks.Reader, error) {
	r, err := new(Finder).Open(process)
	if err != nil {
		return nil, err
	}
	return r, nil
}

// Open finds a CPython interpreter in a process.
func (f *Finder) Open(process stacks.Process) (*Reader, error) {
	found, err := f.find(process)
	if err != nil {
		return nil, err
	}
	return newReader(found, f), nil
}

// A Reader reads one process. One goroutine may use it.
type Reader struct {
	runtime   *cpython
	names     *nameReader
	executors *executorReader
	search    *greenletSearch // for greenlets
	waits     *waitReader
	threads   *threadReader
	tasks     *taskReader
	greenlets *greenletReader
}

// newReader joins the parts that read a process, the lower ones first.
func newReader(r *cpython, f *Finder) *Reader {
	o, u := r.objects, r.unwinder
	requests := &requestReader{objects: o, unwinder: u}
	names := &nameReader{objects: o, unwinder: u}
	locks := &lockReader{objects: o, unwinder: u}
	forks := &forkReader{runtime: r, finder: f, before: map[uint64]int{}}
	executors := &executorReader{runtime: r, objects: o, unwinder: u}
	futures := &futureReader{objects: o, executors: executors}
	search := &greenletSearch{runtime: r, objects: o, known: map[uint64]bool{}}
	clues := &clueReader{runtime: r, objects: o, unwinder: u, futures: futures, greenlets: search,
		pools: &poolReader{objects: o}, forks: forks}
	jobs := &jobReader{objects: o, unwinder: u, executors: executors}
	waits := &waitReader{runtime: r, objects: o, unwinder: u, names: names, locks: locks, forks: forks, futures: futures,
		clues: clues}
	tasks := &taskReader{runtime: r, objects: o, unwinder: u, images: &f.images, futures: futures, waits: waits,
		requests: requests, jobs: jobs}
	out := &Reader{
		runtime: r, names: names, executors: executors, search: search, waits: waits,
		threads:   &threadReader{runtime: r, unwinder: u, waits: waits, requests: requests, jobs: jobs, tasks: tasks},
		tasks:     tasks,
		greenlets: &greenletReader{runtime: r, objects: o, unwinder: u, search: search, waits: waits, requests: requests},
	}
	out.begin()
	return out
}

// begin forgets what the last look read.
func (r *Reader) begin() {
	r.runtime.begin()
	r.names.begin()
	r.executors.begin()
	r.search.begin()
	r.tasks.told = map[uint64]bool{}
}

// Language is "python".
func (r *Reader) Language() string { return "python" }

var errGone = errors.New("its interpreter cannot be read")

// Look reads what the process does now: its threads, then the tasks and greenlets that wait.
func (r *Reader) Look() ([]stacks.Work, error) {
	r.begin()
	defer r.runtime.mem.end()
	r.runtime.findThreads()
	if len(r.runtime.interpreters) == 0 {
		return nil, fmt.Errorf("python in process %d: %w", r.runtime.process.PID, errGone)
	}
	out := r.threads.work()
	tasks, queued := r.tasks.work()
	for i := range out {
		out[i].Queued = max(out[i].Queued, queued[out[i].TID])
	}
	out = append(out, tasks...)
	return append(out, r.greenlets.work()...), nil
}

// LockAt finds the lock that waits at a futex, and what it is called.
func (r *Reader) LockAt(futex uint64) (object uint64, name string, ok bool) {
	return r.waits.lockAt(futex)
}
