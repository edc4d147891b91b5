// Package node reads what the main thread of a Node.js process and its workers (worker_threads) run: the calls of
// JavaScript, innermost first, where an event loop is blocked in a call of the system or computes. It follows V8's own
// frames from the outside, by the metadata that V8 has for debuggers after a crash (v8dbg_*). It reads no promises; functions that the compiler put into
// another are not seen: where that one is, is told. Node.js 18, 20, 22, 24 and 26 on amd64 with the C library of GNU is what
// it was tried with.
package node

import (
	"debug/elf"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/hangtime-dev/hangtime/stacks"
	"github.com/hangtime-dev/hangtime/stacks/foreign"
	"github.com/hangtime-dev/hangtime/stacks/symbols"
)

// Bounds of one look: a read takes up to 3 µs of processor time.
const (
	maxReads = 2000
	maxBytes = 8 << 20
	// What may be read once, to find the isolate and the metadata.
	maxOpenReads = 4000
	maxOpenBytes = 64 << 20
	// keepLooks is after how many looks all is read anew that is kept of functions: V8 moves and frees them.
	keepLooks = 16
	maxKept   = 1 << 12
)

type reader struct {
	process stacks.Process
	view    *foreign.View // refilled for each look
	where   variable
	control uint64 // where the main thread has its own things
	isolate isolate
	workers workers
	walker  walker
	looks   int
}

// newReader is without the place where the isolate is noted.
func newReader(p stacks.Process, l layout) *reader {
	view := &foreign.View{Memory: p.Memory, Reads: maxReads, Bytes: maxBytes}
	h := &heap{objectLayout: l.objectLayout, stringLayout: l.stringLayout, view: view}
	return &reader{process: p, view: view, isolate: isolate{isolateLayout: l.isolateLayout, view: view},
		workers: workers{process: p, ids: stacks.NewThreadIDs(p)},
		walker: walker{frameLayout: l.frameLayout, codeLayout: l.codeLayout, functions: newFunctions(h),
			compiled: compiled{codes: map[uint64]code{}}}}
}

// Open finds Node.js in a process: in its program, or in libnode.
func Open(p stacks.Process) (stacks.Reader, error) {
	engine := func(name string) bool {
		return name == "node" || name == "nodejs" || strings.HasPrefix(name, "libnode.so")
	}
	return symbols.Find(p, "Node.js", engine,
		func(object *symbols.Object) (stacks.Reader, error) { return open(p, object) })
}

// open finds V8 in one file of a process; neither a reader nor an error: it is not there.
func open(p stacks.Process, object *symbols.Object) (stacks.Reader, error) {
	at := object.Addresses(slices.Concat(metadata(), codeMetadata())...) // at once: there may be 200,000
	if at["v8dbg_HeapObjectTag"] == 0 {
		return nil, nil
	}
	if object.Machine != elf.EM_X86_64 {
		return nil, fmt.Errorf("it is for %v, not for amd64", object.Machine)
	}
	view := &foreign.View{Memory: p.Memory, Reads: maxOpenReads, Bytes: maxOpenBytes}
	l, err := readLayout(view, at)
	if err == nil {
		err = l.readEntry(object)
	}
	if err != nil {
		return nil, err
	}
	l.readCode(view, object, at)
	r := newReader(p, l)
	r.walker.program = programOf(p)
	if r.where, err = findVariable(object); err != nil {
		return nil, err
	}
	if r.control, err = findControl(p, view); err != nil {
		return nil, err
	}
	return r, nil
}

func (r *reader) Language() string { return "javascript" }

// Look tells what the main thread and the workers run.
func (r *reader) Look() ([]stacks.Work, error) {
	if r.looks++; r.looks%keepLooks == 0 || r.walker.size() > maxKept {
		r.walker.forget()
		r.walker.forgetCode()
	}
	r.view.Reads, r.view.Bytes = maxReads, maxBytes
	if r.isolate.at == 0 {
		if r.isolate.at = r.where.isolate(r.view, r.control); r.isolate.at == 0 {
			return nil, fmt.Errorf("read Node.js in process %d: it has no isolate yet", r.process.PID)
		}
	}
	work := stacks.Work{Kind: "thread", TID: r.process.PID, ID: uint64(r.process.PID), Name: "event loop"}
	if !r.tell(&work, r.isolate) {
		return nil, fmt.Errorf("read Node.js in process %d: %w", r.process.PID, errors.New("its isolate cannot be read"))
	}
	all := []stacks.Work{work}
	for _, one := range r.workers.list(r.view, r.where, r.isolate.at) {
		work := stacks.Work{Kind: "thread", TID: one.tid, ID: uint64(one.tid), Name: "worker thread"}
		in := r.isolate
		in.at = one.isolate
		if r.tell(&work, in) {
			work.Pool = isJob(work.Frames)
			all = append(all, work)
		}
	}
	return all, nil
}

// tell fills in what a thread runs in its isolate; false: the isolate cannot be read.
func (r *reader) tell(work *stacks.Work, in isolate) bool {
	before := in.top()
	switch {
	case before.unread:
		return false
	case before.entry == 0: // no JavaScript is on the stack: the event loop itself
		work.Idle = waitsForEvents(r.process, work.TID)
	case before.exit != 0:
		innermost := call{fp: before.exit} // the frame of what C++ does: it has no code of JavaScript's
		if frames, whole := r.walker.walk(nil, innermost, before.entry); whole && in.top() == before {
			work.Frames = frames
		}
	default:
		work.Frames = r.runs(work.TID, in, before)
	}
	work.Wait, work.Script = wait(work.Frames), course(work.Frames)
	return true
}

// isJob says that a worker is at a message that it was sent: its pool's next job mostly. Node.js calls it from C++ by a
// function of its own (lib/internal/per_context/messageport.js, emitMessage), and so it does the worker's own program
// first (lib/internal/main/worker_thread.js).
func isJob(frames []stacks.Frame) bool {
	in := func(file string) bool {
		return slices.ContainsFunc(frames, func(f stacks.Frame) bool { return f.Library && strings.HasSuffix(f.File, file) })
	}
	return in("internal/per_context/messageport") && !in("internal/main/worker_thread")
}

// wait says what a thread waits for where the function does nothing else.
func wait(frames []stacks.Frame) stacks.Wait {
	for _, f := range frames {
		switch {
		case !f.Library:
			return stacks.Wait{}
		case f.Function == "spawnSync" && strings.HasSuffix(f.File, "child_process"):
			return stacks.Wait{On: "child", FD: -1}
		case f.Function == "wait" && f.File == "":
			return stacks.Wait{On: "event", FD: -1} // Atomics.wait
		}
	}
	return stacks.Wait{}
}
