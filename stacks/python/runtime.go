package python

import (
	"sync"

	"github.com/hangtime-dev/hangtime/stacks"
)

// A runtime is CPython in one process: how its memory is read, and its interpreters and threads as the current look
// sees them.
type runtime struct {
	process  stacks.Process
	address  uint64 // of _PyRuntime
	uwsgi    bool   // uWSGI runs the interpreter: its threads serve without a frame of Python's below
	layout   layout
	mem      snapshot
	objects  *objects
	codes    *codes
	unwinder *unwinder
	modules  *modules

	// Of the current look.
	interpreters []uint64
	threads      []thread
	running      map[uint64]position // frames of coroutines that a thread runs
}

func newRuntime(process stacks.Process, address uint64, l layout, all *spots, spare *sync.Pool) *runtime {
	r := &runtime{process: process, address: address, layout: l, mem: snapshot{read: process.Memory, spare: spare}}
	r.objects = newObjects(&r.mem, &r.layout)
	r.codes = newCodes(r.objects, all)
	r.unwinder = &unwinder{mem: &r.mem, layout: &r.layout, objects: r.objects, codes: r.codes}
	r.modules = newModules(r.objects)
	r.begin()
	return r
}

// begin forgets what the last look read.
func (r *runtime) begin() {
	r.mem.forget()
	r.codes.begin()
	r.objects.begin()
	r.modules.begin()
	r.running = map[uint64]position{}
	r.interpreters, r.threads = r.interpreters[:0], r.threads[:0]
}
