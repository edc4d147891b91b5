// Package golang reads the goroutines of a running Go program (Go 1.21 to 1.27, Linux, also stripped and
// position-independent ones) from its memory: where each waits, for what, and which request it serves. It stops
// nothing, sends no signal, and needs no net/http/pprof in the program. What a thread runs at the moment has its
// stack pointer in a processor: such a goroutine is told with its thread and, from the second look on, with the
// frames that it had when the runtime last interrupted it.
package golang

import (
	"fmt"
	"runtime"
	"slices"
	"time"

	"github.com/hangtime-dev/hangtime/stacks"
)

const (
	maxGoroutines = 10_000
	maxListed     = 1 << 17 // elements of runtime.allgs that are read: dead ones stay in it
	maxFrames     = 64
	maxStack      = 32 << 10 // bytes of a stack that are read, from its innermost frame
	atOnce        = 512      // goroutines between two looks at the clock
	maxLook       = 10 * time.Millisecond
)

type reader struct {
	process stacks.Process
	program *program
	unwinder
	origin      origin
	allgs       uint64 // address of runtime.allgs
	traces      traces
	slots       slots
	served      map[uint64]served // by goroutine
	threads     *stacks.ThreadIDs
	interrupted map[uint64]interrupted // by the address of the m
	timers      map[uint64]bool        // whether a channel is that of a timer, in this look
	names       *variables
	buffer      []byte // of gather
	memory      []byte // of goroutines and stacks, used again by each look
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
		traces:   traces{}, slots: slots{}, served: map[uint64]served{}, timers: map[uint64]bool{},
		interrupted: map[uint64]interrupted{},
		threads:     stacks.NewThreadIDs(p), buffer: make([]byte, maxBlock),
	}
	r.origin = newOrigin(found.build, r.runtimeFile())
	r.names = readVariables(p, r.origin)
	return r, nil
}

func (r *reader) Language() string { return "go" }

// runtimeFile is the file of a function of package runtime.
func (r *reader) runtimeFile() string {
	listed := r.list()
	// The first ones are the program's own first and those of the runtime.
	for _, g := range r.read(listed[:min(len(listed), 16)]) {
		if f, err := r.at(g.start); err == nil && packageOf(f.name) == "runtime" {
			file, _ := r.line(f, f.entry)
			return file
		}
	}
	return ""
}

// Look reads the goroutines as they are now: each by itself, so that of two that hand something over both or none may
// be seen to have it.
func (r *reader) Look() ([]stacks.Work, error) {
	runtime.LockOSThread() // the processor time is that of a thread
	defer runtime.UnlockOSThread()
	left := newBudget(maxLook)
	listed := r.list()
	if len(listed) == 0 {
		return nil, fmt.Errorf("read goroutines of process %d: none can be read", r.process.PID)
	}
	now := int64(clock(monotonic))
	work := make([]stacks.Work, 0, min(len(listed), maxGoroutines+atOnce))
	clear(r.timers)
	for part := range slices.Chunk(listed, atOnce) {
		if len(work) >= maxGoroutines || len(work) > 0 && left.spent() {
			break
		}
		seen := r.trace(r.read(part))
		r.follow(seen, left)
		for i := range seen {
			if !seen[i].system() {
				work = append(work, r.work(&seen[i], now, left))
			}
		}
	}
	r.forget(work)
	return work[:min(len(work), maxGoroutines)], nil
}

// list reads the addresses of the goroutines that ever were.
func (r *reader) list() []uint64 {
	var header [24]byte
	if r.process.Memory(r.allgs, header[:]) != nil {
		return nil
	}
	s := sliceOf(header[:])
	if !s.plausible() {
		return nil
	}
	b := make([]byte, 8*min(s.length, maxListed))
	if r.process.Memory(s.at, b) != nil {
		return nil
	}
	all := make([]uint64, len(b)/8)
	for i := range all {
		all[i] = word(b, i*8)
	}
	return all
}

// read reads goroutines and leaves those out that do not live.
func (r *reader) read(listed []uint64) []goroutine {
	size := r.program.layout.size()
	memory := r.room(len(listed) * size)
	pieces := make([]piece, len(listed))
	for i, at := range listed {
		pieces[i] = piece{at: at, into: memory[i*size : (i+1)*size]}
	}
	gather(r.process.Memory, pieces, r.buffer)
	all := make([]goroutine, 0, len(listed))
	for _, p := range pieces {
		if !p.good {
			continue
		}
		if g, ok := r.program.layout.decode(p.at, p.into); ok && g.alive() {
			all = append(all, g)
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

// trace reads the stacks of goroutines and unwinds them.
func (r *reader) trace(all []goroutine) []seen {
	seens := make([]seen, 0, len(all))
	pieces, size := make([]piece, 0, len(all)), 0
	for _, g := range all {
		s := seen{goroutine: g, trace: &trace{}}
		if begin := r.site(g.start, false); begin.good {
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
		if s.stack == nil {
			s.trace = r.begun(s)
			if s.status == running {
				calls = r.running(s, calls[:0])
			}
		} else {
			calls = r.unwindOne(s, calls[:0])
		}
	}
	return seens
}

// unwindOne unwinds a stack, and once more from fresh memory where the goroutine went on meanwhile.
func (r *reader) unwindOne(s *seen, calls []call) []call {
	var whole bool
	if calls, whole = r.unwind(calls, s.pc, true, s.stack); !whole && len(s.stack) < maxStack && r.again(s) {
		calls, whole = r.unwind(calls[:0], s.pc, true, s.stack)
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
