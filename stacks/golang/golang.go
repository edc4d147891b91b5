// Package golang reads the goroutines of a running Go program (Go 1.21 to 1.27, Linux, also stripped and
// position-independent ones) from its memory: where each waits, for what, and which request it serves. It stops
// nothing, sends no signal, and needs no net/http/pprof in the program. What a thread runs at the moment has its
// stack pointer in a processor: such a goroutine is told with its thread, and with the frames that it had when the
// runtime last interrupted it.
package golang

import (
	"encoding/binary"
	"fmt"
	"runtime"
	"slices"
	"time"

	"github.com/hangtime-dev/hangtime/stacks"
)

const (
	maxGoroutines = 10_000
	atOnce        = 512 // goroutines between two looks at the clock
	maxLook       = 10 * time.Millisecond
)

type reader struct {
	process  stacks.Process
	layout   layout
	allgs    *allgs
	tracer   *tracer
	targets  *targets
	waits    *waitReader
	requests *requests
	threads  *stacks.ThreadIDs
}

// Open finds the Go runtime in a process.
func Open(p stacks.Process) (stacks.Reader, error) {
	found, err := openProgram(p)
	if err != nil {
		return nil, err
	}
	at, err := found.findGoroutines(p.Memory)
	if err != nil {
		return nil, err
	}
	r := newReader(p, found, at)
	from := newOrigin(found.build, r.runtimeFile(found.functions))
	r.tracer.traces.origin, r.waits.names = from, readVariables(p, from)
	return r, nil
}

// newReader tells nothing yet of what is the application's own.
func newReader(p stacks.Process, found *program, at uint64) *reader {
	used, learned := newScratch(), slots{}
	u := newUnwinder(found.functions, found.arm)
	known := &traces{unwinder: u, known: map[uint64][]*trace{}}
	return &reader{
		process: p, layout: found.layout,
		allgs: &allgs{memory: p.Memory, layout: found.layout, at: at, scratch: used},
		tracer: &tracer{memory: p.Memory, layout: found.layout, unwinder: u, traces: known, scratch: used,
			interruptions: &interruptions{memory: p.Memory, layout: found.layout, unwinder: u, traces: known,
				ran: map[uint64]run{}}},
		targets: &targets{memory: p.Memory, layout: found.layout, slots: learned, scratch: used},
		waits: &waitReader{memory: p.Memory, layout: found.layout, slots: learned, names: &variables{},
			timers: map[uint64]bool{}},
		requests: &requests{memory: p.Memory, slots: learned, served: map[uint64]served{}},
		threads:  stacks.NewThreadIDs(p),
	}
}

func (r *reader) Language() string { return "go" }

// runtimeFile is the file of a function of package runtime.
func (r *reader) runtimeFile(f *functions) string {
	listed := r.allgs.addresses()
	// The first ones are the program's own first and those of the runtime.
	for _, g := range r.allgs.read(listed[:min(len(listed), 16)]) {
		if begun, err := f.at(g.start); err == nil && packageOf(begun.name) == "runtime" {
			file, _ := f.line(begun, begun.entry)
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
	listed := r.allgs.addresses()
	if len(listed) == 0 {
		return nil, fmt.Errorf("read goroutines of process %d: none can be read", r.process.PID)
	}
	now := int64(clock(monotonic))
	work := make([]stacks.Work, 0, min(len(listed), maxGoroutines+atOnce))
	clear(r.waits.timers)
	r.tracer.patience = maxPatience
	for part := range slices.Chunk(listed, atOnce) {
		if len(work) >= maxGoroutines || len(work) > 0 && left.spent() {
			break
		}
		seen := r.tracer.trace(r.allgs.read(part))
		r.targets.follow(seen, left)
		for i := range seen {
			if !seen[i].system() {
				work = append(work, r.work(&seen[i], now, left))
			}
		}
	}
	r.requests.forget(work)
	return work[:min(len(work), maxGoroutines)], nil
}

// work tells of a goroutine what is known. What it serves is read as long as the budget lasts, and in the next look else.
func (r *reader) work(s *seen, now int64, left budget) stacks.Work {
	w := stacks.Work{
		Kind: "goroutine", ID: s.id, Name: printed(s.began), Frames: s.frames, Pool: s.pool,
		Idle: s.idle && s.mayBeIdle(), Wait: r.waits.of(s, now), Main: s.began == "runtime.main",
	}
	w.Script = s.own || w.Main
	if s.status == running || s.status == inSyscall {
		w.TID = r.thread(s.machine)
	}
	if s.pool && !w.Idle && !left.spent() {
		w.Request = r.requests.of(s)
	}
	return w
}

// thread is the kernel's id of the thread that an m is.
func (r *reader) thread(m uint64) int {
	var b [8]byte
	if m == 0 || r.process.Memory(m+uint64(r.layout.procID), b[:]) != nil {
		return 0
	}
	id := binary.LittleEndian.Uint64(b[:])
	if id == 0 || id >= 1<<22 { // PID_MAX_LIMIT
		return 0
	}
	return r.threads.Of(int(id))
}
