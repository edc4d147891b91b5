// Package python reads what a CPython process does, 3.10 to 3.14, out of its memory: its threads, asyncio tasks and
// greenlets, what each waits for and which request it works on.
//
// It stops nothing, loads nothing and writes nothing. What is read may change meanwhile: every pointer may lead
// anywhere, so each is read with the kernel's help, every list and string has a bound, and what makes no sense is left out.
package python

import (
	"errors"
	"fmt"

	"github.com/hangtime-dev/hangtime/stacks"
)

// Open finds a CPython interpreter in a process; stacks.ErrNone where there is none. Who opens many processes uses
// one Finder.
func Open(process stacks.Process) (stacks.Reader, error) {
	r, err := new(Finder).Open(process)
	if err != nil {
		return nil, err
	}
	return r, nil
}

// A Reader reads one process. One goroutine may use it.
type Reader struct {
	process stacks.Process
	finder  *Finder
	runtime uint64 // address of _PyRuntime
	layout  layout
	uwsgi   bool // uWSGI runs the interpreter: its threads serve without a frame of Python's below
	mem     snapshot
	codes   map[uint64]*code
	looks   int

	// Of the current look.
	interpreters    []uint64
	classes         map[uint64]*class
	globals         map[uint64]map[uint64]uint64 // module's dict → object → its name there
	greenletClasses map[uint64]bool
	near            [nearClasses]*class // those that were asked for last
	moduleDicts     map[string]uint64
	threads         []thread
	running         map[uint64]position // frames of coroutines that a thread runs
	names           map[naming]string
	busy            map[uint64]int // future → thread that works on it; nil: not looked for yet

	modules  map[string]found  // by name
	interned map[string]uint64 // address of the str that was met last for a name
	parent   *Reader           // of the process that this one was forked from
	asyncio  *asyncOffsets
	search   search         // for greenlets
	before   map[uint64]int // locks that were taken before the fork, with the parent's pid
}

// Language is "python".
func (r *Reader) Language() string { return "python" }

// begin forgets what the last look read.
func (r *Reader) begin() {
	r.mem.forget()
	r.looks++
	if r.codes == nil {
		r.codes, r.interned, r.before = map[uint64]*code{}, map[string]uint64{}, map[uint64]int{}
	}
	r.classes, r.moduleDicts, r.running, r.busy, r.names = map[uint64]*class{}, map[string]uint64{},
		map[uint64]position{}, nil, map[naming]string{}
	r.greenletClasses, r.globals = map[uint64]bool{}, map[uint64]map[uint64]uint64{}
	r.near = [nearClasses]*class{}
	r.interpreters, r.threads = r.interpreters[:0], r.threads[:0]
}

var errGone = errors.New("its interpreter cannot be read")

// Look reads what the process does now: its threads, then the tasks and greenlets that wait.
func (r *Reader) Look() ([]stacks.Work, error) {
	r.begin()
	defer r.mem.forget()
	r.findThreads()
	if len(r.interpreters) == 0 {
		return nil, fmt.Errorf("python in process %d: %w", r.process.PID, errGone)
	}
	var out []stacks.Work
	for i := range r.threads {
		out = append(out, r.threadWork(&r.threads[i]))
	}
	out = append(out, r.tasks()...)
	return append(out, r.greenlets()...), nil
}
