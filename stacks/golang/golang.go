// Package golang reads the goroutines of a running Go program (Go 1.21 to 1.27, Linux, also stripped and position-independent ones) from its memory: where each waits, for what, and
// which request it serves. It stops nothing, sends no signal, and needs no net/http/pprof in the program. What an M runs at the moment has its stack pointer in a processor:
// of such a goroutine only the function that it began with is told, and the thread.
package golang

import (
	"encoding/binary"
	"fmt"
	"time"

	"github.com/hangtime-dev/hangtime/stacks"
)

const (
	maxGoroutines = 10_000
	maxListed     = 1 << 17 // elements of runtime.allgs that are read: dead ones stay in it
	maxFrames     = 64
	maxStack      = 32 << 10 // bytes of a stack that are read, from its innermost frame
	maxLook       = 10 * time.Millisecond
)

type reader struct {
	process stacks.Process
	program *program
	unwinder
	origin  origin
	allgs   uint64 // address of runtime.allgs
	traces  traces
	slots   slots
	served  map[uint64]served // by goroutine
	threads threads
	names   *variables
	buffer  []byte // of gather
	memory  []byte // of goroutines and stacks, used again by each look
}

// Open finds the Go runtime in a process.
func Open(p stacks.Process) (stacks.Reader, error) {
	found, err := openProgram(p)
	if err != nil {
		return nil, err
	}
	allgs, err := found.findGoroutines(p.Memory)
	if err != nil {
		return nil, err
	}
	r := &reader{
		process: p, program: found, allgs: allgs,
		unwinder: unwinder{functions: found.functions, link: found.arm, sites: map[siteKey]*site{}},
		traces:   traces{}, slots: slots{}, served: map[uint64]served{},
		threads: newThreads(p), buffer: make([]byte, maxBlock),
	}
	r.origin = newOrigin(found.build, r.runtimeFile())
	r.names = readVariables(p, r.origin)
	return r, nil
}

func (r *reader) Language() string { return "go" }

// runtimeFile is the file of a function of package runtime.
func (r *reader) runtimeFile() string {
	for _, g := range r.list(2) { // the program's own first goroutine, and one of the runtime's
		if f, err := r.at(g.start); err == nil && packageOf(f.name) == "runtime" {
			file, _ := r.line(f, f.entry)
			return file
		}
	}
	return ""
}

// Look reads the goroutines as they are now: each by itself, so that of two that hand something over both or none may be seen to have it.
func (r *reader) Look() ([]stacks.Work, error) {
	end := time.Now().Add(maxLook)
	all := r.list(maxGoroutines)
	if len(all) == 0 {
		return nil, fmt.Errorf("read goroutines of process %d: none can be read", r.process.PID)
	}
	seen := r.trace(all, end)
	r.follow(seen)
	now := monotonic()
	work := make([]stacks.Work, 0, len(seen))
	for i := range seen {
		if !seen[i].system() {
			work = append(work, r.work(&seen[i], now, end))
		}
	}
	r.forget(work)
	return work, nil
}

// list reads the goroutines that live, at most so many.
func (r *reader) list(most int) []goroutine {
	var header [24]byte
	if r.process.Memory(r.allgs, header[:]) != nil {
		return nil
	}
	s := sliceOf(header[:])
	if !s.plausible() {
		return nil
	}
	pointers := make([]byte, 8*min(s.length, maxListed))
	if r.process.Memory(s.at, pointers) != nil {
		return nil
	}
	size := r.program.layout.size()
	var all []goroutine
	const batch = 4096
	for first := 0; first < len(pointers) && len(all) < most; first += 8 * batch {
		part := pointers[first:min(first+8*batch, len(pointers))]
		memory := r.room(len(part) / 8 * size)
		pieces := make([]piece, 0, len(part)/8)
		for i := 0; i < len(part); i += 8 {
			pieces = append(pieces, piece{at: binary.LittleEndian.Uint64(part[i:]), into: memory[i/8*size : (i/8+1)*size]})
		}
		gather(r.process.Memory, pieces, r.buffer)
		for _, p := range pieces {
			if !p.good || len(all) >= most {
				continue
			}
			if g, ok := r.program.layout.decode(p.at, p.into); ok && g.alive() {
				all = append(all, g)
			}
		}
	}
	return all
}

// room is memory that holds until the next call.
func (r *reader) room(size int) []byte {
	if len(r.memory) < size {
		r.memory = make([]byte, size)
	}
	return r.memory[:size]
}

// A seen is a goroutine with what its stack says.
type seen struct {
	goroutine
	began string // name of the function that it began with
	*trace
	stack  []byte
	target target
}

// trace reads the stacks of goroutines and unwinds them, until a time.
func (r *reader) trace(all []goroutine, end time.Time) []seen {
	seens := make([]seen, 0, len(all))
	pieces, size := make([]piece, 0, len(all)), 0
	for _, g := range all {
		s := seen{goroutine: g, trace: &trace{}}
		if begin := r.site(siteKey{pc: g.start}); begin.good {
			s.began = begin.function.name
		}
		if g.status != running && !runtimeOnly(s.began) {
			size += int(min(g.high-g.sp, maxStack))
		}
		seens = append(seens, s)
	}
	memory := r.room(size)
	for i := range seens {
		s := &seens[i]
		if s.status != running && !runtimeOnly(s.began) {
			length := min(s.high-s.sp, maxStack)
			s.stack, memory = memory[:length], memory[length:]
			pieces = append(pieces, piece{at: s.sp, into: s.stack})
		}
	}
	gather(r.process.Memory, pieces, r.buffer)
	var calls []call
	for i := range seens {
		s := &seens[i]
		switch {
		case i%256 == 255 && time.Now().After(end):
			return seens[:i]
		case s.stack == nil:
			s.trace = r.begun(s)
		default:
			calls = r.unwindOne(s, calls[:0])
		}
	}
	return seens
}

// unwindOne unwinds a stack, and once more from fresh memory where the goroutine went on meanwhile.
func (r *reader) unwindOne(s *seen, calls []call) []call {
	var whole bool
	if calls, whole = r.unwind(calls, s.pc, s.stack); !whole && len(s.stack) < maxStack && r.again(s) {
		calls, whole = r.unwind(calls[:0], s.pc, s.stack)
	}
	if whole || len(s.stack) == maxStack || len(calls) == maxCalls {
		s.trace = r.remember(calls)
	} else {
		s.trace = r.begun(s)
	}
	return calls
}

// again reads a goroutine and its stack once more and tells whether that could be done.
func (r *reader) again(s *seen) bool {
	b := make([]byte, r.program.layout.size())
	if r.process.Memory(s.at, b) != nil {
		return false
	}
	g, ok := r.program.layout.decode(s.at, b)
	if !ok || !g.alive() || g.status == running || g.id != s.id {
		return false
	}
	stack := make([]byte, min(g.high-g.sp, maxStack))
	if r.process.Memory(g.sp, stack) != nil {
		return false
	}
	s.goroutine, s.stack = g, stack
	return true
}
