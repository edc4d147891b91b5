// Package node reads what the main thread of a Node.js process runs: the calls of JavaScript, innermost first, where
// the event loop is blocked in a call of the system or computes. It follows V8's own frames from the outside, by the
// metadata that V8 has for debuggers after a crash (v8dbg_*). It reads no other thread (worker_threads), no promises,
// and of a function that is compiled to machine code only where it begins; functions that the compiler put into
// another are not seen. Node.js 18 and 20 on amd64 with the C library of GNU is what it is tested with.
package node

import (
	"debug/elf"
	"errors"
	"fmt"
	"strings"

	"github.com/hangtime-dev/hangtime/stacks"
	"github.com/hangtime-dev/hangtime/stacks/foreign"
	"github.com/hangtime-dev/hangtime/stacks/symbols"
)

// Bounds of one look: a read takes up to 3 µs of processor time.
const (
	maxReads = 2000
	maxBytes = 4 << 20
	// What may be read once, to find the isolate and the metadata.
	maxOpenReads = 4000
	maxOpenBytes = 64 << 20
	// keepLooks is after how many looks all is read anew that is kept of functions: V8 moves and frees them.
	keepLooks = 16
	maxKept   = 1 << 12
)

// An engine is V8 in a process.
type engine struct {
	layout
	view      *foreign.View // of the look that is going on
	functions map[uint64]*function
	scripts   map[uint64]*script
}

type reader struct {
	engine
	process stacks.Process
	where   variable
	isolate uint64
	looks   int
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
	at := object.Addresses(metadata()...)
	if at["v8dbg_HeapObjectTag"] == 0 {
		return nil, nil
	}
	if object.Machine != elf.EM_X86_64 {
		return nil, fmt.Errorf("it is for %v, not for amd64", object.Machine)
	}
	view := &foreign.View{Memory: p.Memory, Reads: maxOpenReads, Bytes: maxOpenBytes}
	r := &reader{process: p}
	var err error
	if r.layout, err = readLayout(view, at); err == nil {
		err = r.readEntry(object)
	}
	if err == nil {
		r.where, err = findVariable(p, view, object)
	}
	if err != nil {
		return nil, err
	}
	r.forget()
	return r, nil
}

func (e *engine) forget() {
	e.functions, e.scripts = map[uint64]*function{}, map[uint64]*script{}
}

func (r *reader) Language() string { return "javascript" }

// Look tells what the main thread runs.
func (r *reader) Look() ([]stacks.Work, error) {
	if r.looks++; r.looks%keepLooks == 0 || len(r.functions)+len(r.scripts) > maxKept {
		r.forget()
	}
	r.view = &foreign.View{Memory: r.process.Memory, Reads: maxReads, Bytes: maxBytes}
	if r.isolate == 0 {
		if r.isolate = r.view.Word(r.where.isolate(r.view)); r.isolate == 0 {
			return nil, fmt.Errorf("read Node.js in process %d: it has no isolate yet", r.process.PID)
		}
	}
	work := stacks.Work{Kind: "thread", TID: r.process.PID, ID: uint64(r.process.PID), Name: "event loop"}
	before := r.top()
	if before.unread {
		return nil, fmt.Errorf("read Node.js in process %d: %w", r.process.PID, errors.New("its isolate cannot be read"))
	}
	switch {
	case before.entry == 0: // no JavaScript is on the stack: the event loop itself
		work.Idle = waitsForEvents(r.process)
	case before.exit != 0:
		if frames, whole := r.walk(nil, before.exit, before.entry); whole && r.top() == before {
			work.Frames = frames
		}
	default:
		work.Frames = r.running(before)
	}
	work.Wait = wait(work.Frames)
	return []stacks.Work{work}, nil
}

// A top is where JavaScript begins and ends on the stack, by the isolate (V8's ThreadLocalTop).
type top struct {
	entry  uint64 // the frame in which C++ called JavaScript first; 0: none is called
	exit   uint64 // the frame in which JavaScript called C++ last; 0: JavaScript runs
	unread bool
}

func (r *reader) top() top {
	first := min(r.exitOffset, r.entryOffset)
	b := r.view.Block(r.isolate+uint64(first), max(r.exitOffset, r.entryOffset)-first+8)
	return top{entry: b.Word(r.entryOffset - first), exit: b.Word(r.exitOffset - first), unread: b == nil}
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
