package golang

import (
	"fmt"
	"strconv"
	"strings"
)

// A layout is where the fields lie that are read of the runtime's structs, in bytes from the start of each, in 64-bit
// programs of one minor version of Go. The source is src/runtime of that version: g, gobuf, m, sudog and waitReason
// in runtime2.go, hchan in chan.go, moduledata in symtab.go. Release candidates and patches do not move them.
type layout struct {
	syscallSP, syscallPC   int // g: where the system call that it is in was made
	status                 int // g.atomicstatus
	goid                   int
	waitSince, waitReason  int // g
	tracking, trackedSince int // g: whether this spell is one of the eighth that the runtime times, and its start
	parent                 int // g.parentGoid
	startPC                int // g
	waiting                int // g: the first sudog
	procID                 int // m: the kernel's id of the thread; then comes m.gsignal
	preemptions            int // m.preemptGen
	element, channel       int // sudog: the address of the semaphore, or of the hchan
	timer                  int // hchan.timer; 0: none yet
	inlined                int // moduledata.gofunc, the base of the inlining trees
	reasons                map[uint8]reason
}

// What has not moved in any of these versions.
const (
	gStackLow, gStackHigh   = 0, 8
	gMachine                = 48
	gSchedSP, gSchedPC      = 56, 64
	gSchedG                 = 72 // the address of the g itself: proves that it is one
	sudogG                  = 0
	moduleText, moduleETtxt = 176, 184
	moduleBSS, moduleEBSS   = 224, 232
)

// A reason is why a goroutine waits: the constants waitReason of the runtime, by what they mean here.
type reason uint8

const (
	other reason = iota // of the collector, the tracer, the debugger …
	waitIO
	waitNilChannel
	waitChannel
	waitSelect
	waitSelectNone
	waitSemaphore
	waitSleep
	waitCond
	waitMutex
	waitRWMutexRead
	waitRWMutexWrite
	waitGroup
)

var (
	// from Go 1.21
	reasons21 = map[uint8]reason{
		2: waitIO, 3: waitNilChannel, 4: waitNilChannel, 9: waitSelect, 10: waitSelectNone, 14: waitChannel, 15: waitChannel,
		18: waitSemaphore, 19: waitSleep, 20: waitCond, 21: waitMutex, 22: waitRWMutexRead, 23: waitRWMutexWrite,
	}
	// Go 1.24 put waitReasonSyncWaitGroupWait behind waitReasonSyncRWMutexLock
	reasons24 = map[uint8]reason{
		2: waitIO, 3: waitNilChannel, 4: waitNilChannel, 9: waitSelect, 10: waitSelectNone, 14: waitChannel, 15: waitChannel,
		18: waitSemaphore, 19: waitSleep, 20: waitCond, 21: waitMutex, 22: waitRWMutexRead, 23: waitRWMutexWrite,
		24: waitGroup,
	}
	// Go 1.25 put waitReasonUpdateGOMAXPROCSIdle before waitReasonSemacquire
	reasons25 = map[uint8]reason{
		2: waitIO, 3: waitNilChannel, 4: waitNilChannel, 9: waitSelect, 10: waitSelectNone, 14: waitChannel, 15: waitChannel,
		19: waitSemaphore, 20: waitSleep, 21: waitCond, 22: waitMutex, 23: waitRWMutexRead, 24: waitRWMutexWrite,
		25: waitGroup,
	}
	// Go 1.26 put all that can be a leak at the end
	reasons26 = map[uint8]reason{
		2: waitIO, 13: waitSemaphore, 14: waitSleep, 15: waitNilChannel, 16: waitNilChannel, 17: waitSelectNone,
		18: waitSelect,
		19: waitChannel, 20: waitChannel, 21: waitCond, 22: waitMutex, 23: waitRWMutexRead, 24: waitRWMutexWrite,
		25: waitGroup,
	}

	layouts = map[int]layout{
		21: {
			syscallSP: 112, syscallPC: 120, status: 144, goid: 152, waitSince: 168, waitReason: 176, tracking: 187,
			trackedSince: 192,
			parent:       272, startPC: 296, waiting: 312, procID: 72, preemptions: 824, element: 24, channel: 80,
			inlined: 320, reasons: reasons21,
		},
		22: {
			syscallSP: 112, syscallPC: 120, status: 144, goid: 152, waitSince: 168, waitReason: 176, tracking: 190,
			trackedSince: 192,
			parent:       272, startPC: 296, waiting: 312, procID: 72, preemptions: 1136, element: 24, channel: 80,
			inlined: 320, reasons: reasons21,
		},
		23: {
			syscallSP: 112, syscallPC: 120, status: 152, goid: 160, waitSince: 176, waitReason: 184, tracking: 198,
			trackedSince: 200,
			parent:       280, startPC: 304, waiting: 320, procID: 72, preemptions: 872, element: 24, channel: 80, timer: 32,
			inlined: 320, reasons: reasons21,
		},
		24: {
			syscallSP: 112, syscallPC: 120, status: 152, goid: 160, waitSince: 176, waitReason: 184, tracking: 198,
			trackedSince: 200,
			parent:       280, startPC: 304, waiting: 320, procID: 72, preemptions: 920, element: 24, channel: 80, timer: 32,
			inlined: 320, reasons: reasons24,
		},
		25: {
			syscallSP: 104, syscallPC: 112, status: 144, goid: 152, waitSince: 168, waitReason: 176, tracking: 190,
			trackedSince: 192,
			parent:       272, startPC: 296, waiting: 312, procID: 64, preemptions: 912, element: 24, channel: 80, timer: 32,
			inlined: 320, reasons: reasons25,
		},
		// since 1.26 element and channel are each two words, of which the second is always set
		26: {
			syscallSP: 104, syscallPC: 112, status: 144, goid: 152, waitSince: 168, waitReason: 176, tracking: 190,
			trackedSince: 192,
			parent:       280, startPC: 304, waiting: 320, procID: 64, preemptions: 912, element: 32, channel: 96, timer: 32,
			inlined: 320, reasons: reasons26,
		},
		27: {
			syscallSP: 104, syscallPC: 112, status: 144, goid: 152, waitSince: 168, waitReason: 176, tracking: 190,
			trackedSince: 192,
			parent:       280, startPC: 304, waiting: 320, procID: 64, preemptions: 912, element: 32, channel: 96, timer: 32,
			inlined: 344, reasons: reasons26,
		},
	}
)

// size is how many bytes of a g are read: up to its last known field.
func (l layout) size() int { return l.waiting + 8 }

// layoutOf is the layout of a version as the linker wrote it: "go1.26.8", "go1.24rc1 X:aliastypeparams".
func layoutOf(version string) (layout, error) {
	digits, ok := strings.CutPrefix(version, "go1.")
	if end := strings.IndexFunc(digits, func(r rune) bool { return r < '0' || r > '9' }); end >= 0 {
		digits = digits[:end]
	}
	minor, err := strconv.Atoi(digits)
	l, known := layouts[minor]
	if !ok || err != nil || !known {
		return layout{}, fmt.Errorf("read goroutines: the runtime of %q is not known (want go1.21 to go1.27)", version)
	}
	return l, nil
}
