package jvm

import (
	"github.com/hangtime-dev/hangtime/stacks"
)

// A thread is one of the virtual machine's, as one look reads it.
type thread struct {
	at        uint64 // its JavaThread
	tid       int
	object    uint64 // its java.lang.Thread
	name      string
	state     uint32
	low, high uint64 // of its stack
	pending   uint64 // the monitor that it wants
	waiting   uint64 // the monitor that it waits in, of Object.wait
	where     anchor
	frames    []stacks.Frame
	wait      stacks.Wait
	moved     bool // it went on while it was read: nothing is told of where it is
}

// maxThreads bounds the threads of a look.
const maxThreads = 1024

// list reads the threads, without their frames.
func (p *program) list() []*thread {
	var all []*thread
	for _, at := range p.addresses() {
		if t := p.thread(at); t != nil {
			all = append(all, t)
		}
	}
	return all
}

// addresses are those of the threads. A list of them is never changed: another takes its place.
func (p *program) addresses() (all []uint64) {
	if p.threadList == 0 { // to JDK 11 or so
		for at := p.view.Word(p.firstThread); at != 0 && len(all) < maxThreads; at = p.view.Word(at + uint64(p.threadNext)) {
			all = append(all, at)
		}
		return all
	}
	list := p.view.Word(p.threadList)
	count := min(p.view.Block(list+p.listLength, 4).Uint32(0), maxThreads)
	pointers := p.view.Block(p.view.Word(list+p.listThreads), 8*int(count))
	for i := 0; i+8 <= len(pointers); i += 8 {
		all = append(all, pointers.Word(i))
	}
	return all
}

// thread reads one; nil: it is none, or not yet.
func (p *program) thread(at uint64) *thread {
	b := p.view.Block(at, p.threadEnd)
	if b == nil {
		return nil
	}
	t := &thread{at: at, state: b.Uint32(p.state), pending: b.Word(p.pending), waiting: b.Word(p.waiting),
		high: b.Word(p.stackBase)}
	t.low, t.where = t.high-b.Word(p.stackSize), p.anchorAt(b, p.layout.anchor)
	t.tid = int(int32(p.view.Block(b.Word(p.osThread)+uint64(p.tid), 4).Uint32(0)))
	t.object = b.Word(p.threadObject)
	if p.objectIsHandle && t.object != 0 {
		t.object = p.view.Word(t.object)
	}
	if t.tid <= 0 || t.low >= t.high || t.high-t.low > 1<<32 {
		return nil
	}
	t.name = p.threadName(t)
	return t
}

// A named is a name that is kept while a thread has the same kernel's thread; it may be given another at any time,
// which is read when all is read anew.
type named struct {
	tid  int
	name string
}

func (p *program) threadName(t *thread) string {
	if n, known := p.names[t.at]; known && n.tid == t.tid {
		return n.name
	}
	name := p.text(p.get(t.object, "name"))
	if name != "" {
		p.names[t.at] = named{t.tid, name}
	}
	return name
}

// A trace is what is kept of where a thread was.
type trace struct {
	tid    int
	where  anchor
	frames []stacks.Frame
	wait   stacks.Wait
}

// traceAll reads where the threads are, beginning with the one where the reads that a look may take ended last time.
// One that it does not come to is told to be where it was where it has not left that place since, as far as its anchor says.
func (p *program) traceAll(threads []*thread) {
	first := p.next % max(len(threads), 1)
	p.next = 0
	spent := false
	for i := range threads {
		t := threads[(first+i)%len(threads)]
		if !spent {
			p.trace(t)
			t.wait = p.wait(t, threads)
			if p.view.Spent() { // it may have been cut short
				t.frames, t.wait, t.moved = nil, stacks.Wait{}, true
			}
			if spent = p.view.Reads < minTrace; spent {
				p.next = first + i + 1
			}
		} else if kept, ok := p.traces[t.at]; ok && kept.tid == t.tid && kept.where == t.where {
			t.frames, t.wait = kept.frames, kept.wait
		} else {
			t.moved = true
		}
	}
	kept := make(map[uint64]trace, len(threads))
	for _, t := range threads {
		if !t.moved {
			kept[t.at] = trace{t.tid, t.where, t.frames, t.wait}
		}
	}
	p.traces = kept
}

// minTrace is how many reads must be left to trace a thread: one whose methods are not known yet takes some hundred.
const minTrace = 200

// trace reads where a thread is. Its anchor must be the same after its stack was read as before: else it went on meanwhile.
func (p *program) trace(t *thread) {
	for range 2 {
		if t.where.sp == 0 {
			return
		}
		s := &stack{view: p.view, low: t.low, high: t.high}
		s.word(t.where.sp - 8) // where an interpreted frame keeps its place
		t.frames = p.walk(s, t.where)
		again := p.anchorAt(p.view.Block(t.at+uint64(p.layout.anchor), anchorSize), 0)
		if again == t.where {
			return
		}
		t.where = again
	}
	t.frames, t.moved = nil, true
}

// anchorSize holds the three words of a JavaFrameAnchor, and what a version may put between them.
const anchorSize = 64

// ownerAmong is the thread that has a monitor. HotSpot keeps a thread, or a place on the stack of one that had the
// lock before others wanted it.
func ownerAmong(threads []*thread, owner uint64) *thread {
	if owner == 0 {
		return nil
	}
	for _, t := range threads {
		if t.at == owner || owner >= t.low && owner < t.high {
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
