package python

import (
	"sync"

	"github.com/hangtime-dev/hangtime/stacks"
)

// A cpython is CPython in one process: how its memory is read, and its interpreters and threads as the current look
// sees them.
type cpython struct {
	process  stacks.Process
	address  uint64 // of _PyRuntime
	uwsgi    bool   // uWSGI runs the interpreter: its threads serve without a frame of Python's below
	layout   layout
	mem      snapshot
	objects  *objectReader
	codes    *codeReader
	unwinder *unwinder
	modules  *moduleReader

	// Of the current look.
	interpreters []uint64
	threads      []threadState
	running      map[uint64]position // frames of coroutines that a thread runs
}

// newCPython joins what reads one process. Each look begins with begin.
func newCPython(process stacks.Process, address uint64, l layout, all *spotTable, spare *sync.Pool) *cpython {
	r := &cpython{process: process, address: address, layout: l, mem: snapshot{read: process.Memory, many: process.Pieces, spare: spare}}
	r.objects = newObjectReader(&r.mem, &r.layout)
	r.modules = newModuleReader(r.objects)
	r.codes = newCodeReader(r.objects, r.modules,
		&applicationReader{process: process, objects: r.objects, modules: r.modules}, all)
	r.unwinder = &unwinder{mem: &r.mem, layout: &r.layout, objects: r.objects, codes: r.codes}
	return r
}

// begin begins a look: it forgets what the last one read.
func (r *cpython) begin() {
	r.mem.forget()
	r.mem.readAgain()
	r.codes.begin()
	r.objects.begin()
	r.modules.begin()
	r.running = map[uint64]position{}
	r.interpreters, r.threads = r.interpreters[:0], r.threads[:0]
}
