package arbiter

import "runtime"

// A spawner starts all children from one thread that lives as long as the arbiter: the parent-death signal of a child
// comes when the *thread* that forked it ends (PR_SET_PDEATHSIG(2const)).
type spawner struct{ jobs chan func() }

func newSpawner() *spawner {
	s := &spawner{jobs: make(chan func())}
	go func() {
		runtime.LockOSThread() // and never unlocked
		for job := range s.jobs {
			job()
		}
	}()
	return s
}

// do runs job on the thread and waits for it.
func (s *spawner) do(job func()) {
	done := make(chan struct{})
	s.jobs <- func() { defer close(done); job() }
	<-done
}
