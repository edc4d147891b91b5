package jvm

import (
	"slices"

	"github.com/hangtime-dev/hangtime/stacks"
	"github.com/hangtime-dev/hangtime/stacks/foreign"
)

// A thread is one of the virtual machine's, as one look reads it.
type thread struct {
	at        uint64 // its JavaThread
	tid       int
	object    uint64 // its java.lang.Thread
	name      string
	state     uint32
	low, high uint64   // of its stack
	pending   uint64   // the monitor that it wants
	waiting   uint64   // the monitor that it waits in, of Object.wait
	monitorID uint64   // the number by which monitors name it; 0: they do not
	locked    []uint64 // objects whose locks it took before others wanted them
	where     anchor
	frames    []stacks.Frame
	wait      stacks.Wait
	moved     bool // it went on while it was read: nothing is told of where it is
}

// maxThreads bounds the threads of a look.
const maxThreads = 1024

// threads are those of the virtual machine.
type threads struct {
	threadLayout
	anchorLayout
	view    *foreign.View
	classes *classes
	names   map[uint64]named // by address
}

// list reads the threads, without their frames.
func (r *threads) list() []*thread {
	var all []*thread
	for _, at := range r.addresses() {
		if t := r.thread(at); t != nil {
			all = append(all, t)
		}
	}
	return all
}

// addresses are those of the threads. A list of them is never changed: another takes its place.
func (r *threads) addresses() (all []uint64) {
	if r.threadList == 0 { // to JDK 11 or so
		for at := r.view.Word(r.firstThread); at != 0 && len(all) < maxThreads; at = r.view.Word(at + uint64(r.threadNext)) {
			all = append(all, at)
		}
		return all
	}
	list := r.view.Word(r.threadList)
	count := min(r.view.Block(list+r.listLength, 4).Uint32(0), maxThreads)
	pointers := r.view.Block(r.view.Word(list+r.listThreads), 8*int(count))
	for i := 0; i+8 <= len(pointers); i += 8 {
		all = append(all, pointers.Word(i))
	}
	return all
}

// thread reads one; nil: it is none, or not yet.
func (r *threads) thread(at uint64) *thread {
	b := r.view.Block(at, r.threadEnd)
	if b == nil {
		return nil
	}
	t := &thread{at: at, state: b.Uint32(r.state), pending: b.Word(r.pending), waiting: b.Word(r.waiting),
		high: b.Word(r.stackBase)}
	t.low, t.where = t.high-b.Word(r.stackSize), r.anchorAt(b, r.anchor)
	t.tid = int(int32(r.view.Block(b.Word(r.osThread)+uint64(r.tid), 4).Uint32(0)))
	t.object = b.Word(r.threadObject)
	if r.objectIsHandle {
		t.object = r.classes.objects.cell(t.object)
	}
	if r.monitorID >= 0 {
		t.monitorID = b.Word(r.monitorID)
	}
	t.locked = r.lockedBy(b)
	if t.tid <= 0 || t.low >= t.high || t.high-t.low > 1<<32 {
		return nil
	}
	t.name = r.threadName(t)
	return t
}

// lockedBy reads the LockStack of a thread, whose end is counted from the thread's beginning.
func (l *threadLayout) lockedBy(b foreign.Block) (objects []uint64) {
	if l.lockStack < 0 || l.lockTop < 0 || l.lockFirst < 0 {
		return nil
	}
	end := min(int(b.Uint32(l.lockStack+l.lockTop)), len(b))
	for at := l.lockStack + l.lockFirst; at+8 <= end; at += 8 {
		objects = append(objects, b.Word(at))
	}
	return objects
}

// A named is a name that is kept while a thread has the same kernel's thread; it may be given another at any time,
// which is read when all is read anew.
type named struct {
	tid  int
	name string
}

func (r *threads) threadName(t *thread) string {
	if n, known := r.names[t.at]; known && n.tid == t.tid {
		return n.name
	}
	name := r.classes.text(r.classes.get(t.object, "name"))
	if name != "" {
		r.names[t.at] = named{t.tid, name}
	}
	return name
}

// anonymous is the owner of a monitor whose object somebody had locked before others wanted it, and has among those that
// he locked so (ObjectMonitor::ANONYMOUS_OWNER).
const anonymous = 1

// ownerAmong is the thread that has the monitor of an object. HotSpot keeps a thread, or its number, or a place on the
// stack of one that had the lock before others wanted it.
func ownerAmong(threads []*thread, owner, object uint64) *thread {
	if owner == 0 {
		return nil
	}
	for _, t := range threads {
		switch {
		case owner == anonymous:
			if object != 0 && slices.Contains(t.locked, object) {
				return t
			}
		case t.at == owner, t.monitorID != 0 && t.monitorID == owner, owner >= t.low && owner < t.high:
			return t
		}
	}
	return nil
}

// ofObject is the thread whose java.lang.Thread this is.
func ofObject(threads []*thread, object uint64) *thread {
	if object == 0 {
		return nil
	}
	for _, t := range threads {
		if t.object == object {
			return t
		}
	}
	return nil
}
