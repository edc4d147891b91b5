package eventloop

import (
	"errors"
	"fmt"
	"sync"
)

// ErrShutdown is what an executor says that takes no more jobs.
var ErrShutdown = errors.New("executor is shut down")

// An Executor is a pool of real threads for work that blocks, as Python's ThreadPoolExecutor: threads are made when
// first needed, jobs wait without limit for a free one. What bounds the jobs is the limit on tasks.
type Executor struct {
	limit int

	mu      sync.Mutex
	wake    *sync.Cond
	jobs    []func()
	threads int
	idle    int
	closed  bool
	ended   sync.WaitGroup
}

// NewExecutor has at most limit threads, named pool-1, pool-2, …
func NewExecutor(limit int) *Executor {
	e := &Executor{limit: limit}
	e.wake = sync.NewCond(&e.mu)
	return e
}

// Submit hands a job to the pool, from any thread, also from one of its own: a job that waits for a job of the same
// pool can wait for ever.
func (e *Executor) Submit(job func()) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return ErrShutdown
	}
	e.jobs = append(e.jobs, job)
	if e.idle == 0 && e.threads < e.limit {
		e.threads++
		e.ended.Add(1)
		go e.work(fmt.Sprintf("pool-%d", e.threads))
		return nil
	}
	e.wake.Signal()
	return nil
}

// RunInExecutor runs work on a thread of e, and then ended with its error on the loop's thread, where Label says on
// whose account. From any thread. The error says that e takes no more jobs. A loop that was closed meanwhile is told
// nothing.
func (l *Loop) RunInExecutor(e *Executor, label uint64, work func() error, ended func(error)) error {
	return e.Submit(func() {
		err := work()
		_ = l.CallSoonThreadsafe(Callback{Label: label, Run: func() { ended(err) }})
	})
}

func (e *Executor) work(name string) {
	defer e.ended.Done()
	LockThread(name)
	e.mu.Lock()
	defer e.mu.Unlock()
	for {
		for len(e.jobs) == 0 {
			if e.closed {
				return
			}
			e.idle++
			e.wake.Wait()
			e.idle--
		}
		job := e.jobs[0]
		e.jobs = e.jobs[1:]
		e.mu.Unlock()
		job()
		e.mu.Lock()
	}
}

// Waiting is how many jobs no thread has taken, and how many threads there are.
func (e *Executor) Waiting() (jobs, threads int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.jobs), e.threads
}

// Shutdown takes no more jobs; the threads end when those that were taken are done. Wait waits for them.
func (e *Executor) Shutdown() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.closed = true
	e.wake.Broadcast()
}

// Wait waits for the threads to end, after Shutdown.
func (e *Executor) Wait() { e.ended.Wait() }
