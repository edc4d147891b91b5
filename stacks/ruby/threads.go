package ruby

import (
	"runtime"

	"github.com/hangtime-dev/hangtime/stacks"
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

// threads are those of a process.
type threads struct {
	pid int
	vm  uint64 // address of ruby_current_vm_ptr
	ids *stacks.ThreadIDs
}

// read reads those of all ractors, without their calls.
func (p *threads) read(view memory) (all []*thread) {
	vm := view.Word(p.vm)
	main := view.Word(vm + vmMain)
	l := view.layout.ractor
	for _, node := range list(view, vm+vmRactors, maxRactors) {
		ractor := node - uint64(l.node)
		running := view.Word(ractor + uint64(l.running))
		ready := map[uint64]bool{}
		for _, node := range list(view, ractor+uint64(l.ready), maxThreads) {
			ready[node-uint64(view.layout.thread.ready)] = true
		}
		first := view.Word(ractor + uint64(l.main))
		for _, at := range list(view, ractor+uint64(l.threads), maxThreads) {
			if len(all) >= maxThreads {
				return all
			}
			t := readThread(view, at)
			if t == nil {
				continue
			}
			t.holder, t.running, t.ready = running, running == at, ready[at] && running != at
			if id := p.ids.Of(t.tid); id != 0 {
				t.tid = id
			}
			if ractor == main && first == at { // after a fork, the one that is left; its id is the process's
				t.tid = p.pid
			}
			all = append(all, t)
		}
	}
	return all
}

// list follows a list of ccan/list: the addresses of its nodes.
func list(view memory, head uint64, most int) (all []uint64) {
	for node := view.Word(head); node != 0 && node != head && len(all) < most; node = view.Word(node) {
		all = append(all, node)
	}
	return all
}

// readThread reads one thread; nil: it has ended.
func readThread(view memory, at uint64) *thread {
	l := view.layout.thread
	b := view.Block(at, l.size)
	if b == nil || b.Byte(l.status)&3 == killed {
		return nil
	}
	t := &thread{at: at, self: b.Word(threadSelf), ec: b.Word(l.ec), locking: b.Word(l.lockingMutex),
		name: text(view, b.Word(l.name))}
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
