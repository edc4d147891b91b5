package ruby

import (
	"runtime"

	"github.com/hangtime-dev/hangtime/stacks/foreign"
)

// Bounds of the lists that are followed.
const (
	maxRactors = 32
	maxThreads = 256
	maxMutexes = 64
	maxWaiters = 256
)

// A thread is one of Ruby's.
type thread struct {
	at, self, ec uint64
	tid          int // 0: not known
	name         string
	running      bool // it has the interpreter's lock
	ready        bool // it waits for that lock
	holder       uint64
	locking      uint64   // the Mutex that it waits for; 0: none
	keeps        []uint64 // the structures of those that it holds
	waiters      []uint64 // the threads that wait for its end
	calls        []call
}

// who is what the work of a thread is called elsewhere: the kernel's id, or else its address.
func (t *thread) who() uint64 {
	if t.tid > 0 {
		return uint64(t.tid)
	}
	return t.at
}

// threads are those of all ractors.
func (r *reader) threads(view *foreign.View) (all []*thread) {
	vm := view.Word(r.vm)
	main := view.Word(vm + vmMain)
	l := r.layout.ractor
	for _, node := range list(view, vm+vmRactors, maxRactors) {
		ractor := node - uint64(l.node)
		running := view.Word(ractor + uint64(l.running))
		ready := map[uint64]bool{}
		for _, node := range list(view, ractor+uint64(l.ready), maxThreads) {
			ready[node-uint64(r.layout.thread.ready)] = true
		}
		first := view.Word(ractor + uint64(l.main))
		for _, at := range list(view, ractor+uint64(l.threads), maxThreads) {
			if len(all) >= maxThreads {
				return all
			}
			t := r.thread(view, at)
			if t == nil {
				continue
			}
			t.holder, t.running, t.ready = running, running == at, ready[at] && running != at
			if id := r.threadIDs.Of(t.tid); id != 0 {
				t.tid = id
			}
			if ractor == main && first == at { // after a fork, the one that is left; its id is the process's
				t.tid = r.pid
			}
			all = append(all, t)
		}
	}
	return all
}

// list follows a list of ccan/list: the addresses of its nodes.
func list(view *foreign.View, head uint64, most int) (all []uint64) {
	for node := view.Word(head); node != 0 && node != head && len(all) < most; node = view.Word(node) {
		all = append(all, node)
	}
	return all
}

// thread reads one thread; nil: it has ended.
func (r *reader) thread(view *foreign.View, at uint64) *thread {
	l := r.layout.thread
	b := view.Block(at, l.size)
	if b == nil || b.Byte(l.status)&3 == killed {
		return nil
	}
	t := &thread{at: at, self: b.Word(threadSelf), ec: b.Word(l.ec), locking: b.Word(l.lockingMutex),
		name: r.text(view, b.Word(l.name))}
	switch {
	case l.tid != 0:
		t.tid = int(b.Uint32(l.tid))
	case l.native != 0:
		t.tid = int(view.Block(b.Word(l.native)+uint64(l.nativeTID), 4).Uint32(0))
	case l.pthread != 0 && runtime.GOARCH == "amd64":
		t.tid = int(view.Block(b.Word(l.pthread)+pthreadTID, 4).Uint32(0))
	}
	for m := b.Word(l.keepingMutexes); m != 0 && len(t.keeps) < maxMutexes; m = view.Word(m + mutexNext) {
		t.keeps = append(t.keeps, m)
	}
	for w := b.Word(l.joinList); w != 0 && len(t.waiters) < maxWaiters; w = view.Word(w + waiterNext) {
		t.waiters = append(t.waiters, view.Word(w+waiterThread))
	}
	return t
}

// pthreadTID is struct pthread's tid in glibc on amd64 (nptl/descr.h): behind 704 bytes for the thread's control block
// and two words of a list.
const pthreadTID = 720
