package golang

import (
	"encoding/binary"
	"errors"
)

// findGoroutines is the address of runtime.allgs, the slice of all goroutines that ever were. It is looked for by
// what it holds, since stripped programs have no symbol for it: each element must be a g, which has its own address
// in g.sched.g, and most must have begun at the entry of a function. Nothing else is of that shape among a program's
// variables.
func (p *program) findGoroutines(memory func(uint64, []byte) error) (uint64, error) {
	var found uint64
	err := search(memory, p.bss, 24, func(at uint64, words []byte) bool {
		if s := sliceOf(words); s.plausible() && !p.holds(s.at) && p.areGoroutines(memory, s) {
			found = at
		}
		return found != 0
	})
	switch {
	case found != 0:
		return found, nil
	case err != nil:
		return 0, err
	}
	return 0, errors.New("read goroutines: the runtime has none yet, or its list of them was not found")
}

// A slice is the header of a slice of pointers.
type slice struct{ at, length, capacity uint64 }

func sliceOf(b []byte) slice {
	word := binary.LittleEndian.Uint64
	return slice{word(b), word(b[8:]), word(b[16:])}
}

// plausible tells whether it may be runtime.allgs. A program has some goroutines of the runtime before its own first.
func (s slice) plausible() bool {
	return s.at != 0 && s.at%8 == 0 && s.length >= 2 && s.length <= s.capacity && s.capacity <= 1<<26
}

// areGoroutines looks at some elements of a slice, from its first on.
func (p *program) areGoroutines(memory func(uint64, []byte) error, s slice) bool {
	const looked = 16
	pointers := make([]byte, 8*min(s.length, looked))
	if memory(s.at, pointers) != nil {
		return false
	}
	begun, ids := 0, map[uint64]bool{}
	b := make([]byte, p.layout.size())
	for i := 0; i < len(pointers); i += 8 {
		at := binary.LittleEndian.Uint64(pointers[i:])
		if at == 0 || at%8 != 0 || memory(at, b) != nil {
			return false
		}
		g, ok := p.layout.decode(at, b)
		if !ok || ids[g.id] {
			return false
		}
		ids[g.id] = true
		if f, err := p.functions.at(g.start); err == nil && f.entry == g.start {
			begun++
		}
	}
	return begun > 1 && begun*2 > len(ids)
}

// A goroutine is what is read of a g.
type goroutine struct {
	at         uint64
	id, parent uint64
	status     uint32
	reason     reason
	sp, pc     uint64 // where it goes on, or where it entered the system call that it is in
	low, high  uint64 // its stack
	start      uint64 // the function that it began with
	machine    uint64 // address of the m that runs it
	waiting    uint64 // address of the first sudog
	since      int64  // CLOCK_MONOTONIC, ns, since when it waits at the latest; 0: not known
}

// The statuses of a goroutine, from runtime2.go; scanBit is set beside one of them while the collector has its stack.
const (
	runnable  = 1
	running   = 2
	inSyscall = 3
	waiting   = 4
	preempted = 9
	leaked    = 10
	lastState = 11
	scanBit   = 0x1000
)

// alive tells whether there is something to tell of it.
func (g goroutine) alive() bool {
	switch g.status {
	case runnable, running, inSyscall, waiting, preempted, leaked:
		return true
	}
	return false
}

// decode reads a g and tells whether it is one. A dead one may have no stack.
func (l layout) decode(at uint64, b []byte) (goroutine, bool) {
	word := func(offset int) uint64 { return binary.LittleEndian.Uint64(b[offset:]) }
	g := goroutine{
		at: at, id: word(l.goid), parent: word(l.parent), status: binary.LittleEndian.Uint32(b[l.status:]) &^ scanBit,
		reason: l.reasons[b[l.waitReason]],
		sp:     word(gSchedSP), pc: word(gSchedPC), low: word(gStackLow), high: word(gStackHigh), start: word(l.startPC),
		machine: word(gMachine), waiting: word(l.waiting),
		since: int64(word(l.waitSince)),
	}
	if sp := word(l.syscallSP); sp != 0 {
		g.sp, g.pc = sp, word(l.syscallPC)
	}
	if g.status == waiting && b[l.tracking] == 1 &&
		(g.reason == waitMutex || g.reason == waitRWMutexRead || g.reason == waitRWMutexWrite) {
		if tracked := int64(word(l.trackedSince)); tracked > 0 { // the moment itself, not that of the collection after it
			g.since = tracked
		}
	}
	sane := word(gSchedG) == at && g.id > 0 && g.id < 1<<48 && g.status <= lastState && g.low <= g.high &&
		g.high-g.low <= 1<<30
	if g.alive() && g.status != running { // of what runs the stack pointer is in a processor
		sane = sane && g.low > 0 && g.sp >= g.low && g.sp <= g.high
	}
	return g, sane
}
