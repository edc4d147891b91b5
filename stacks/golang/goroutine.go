package golang

import "encoding/binary"

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

// mayBeIdle tells whether it waits for something to come, rather than for its turn. os/signal waits in a system call.
func (g goroutine) mayBeIdle() bool {
	switch g.status {
	case inSyscall:
		return true
	case waiting:
		return g.reason == waitIO || g.reason == waitChannel || g.reason == waitSelect || g.reason == waitCond ||
			g.reason == waitSleep || g.reason == waitSelectNone
	}
	return false
}
