package jvm

import (
	"encoding/binary"
	"slices"
	"time"

	"github.com/hangtime-dev/hangtime/stacks/foreign"
)

// A running is a thread that ran Java code when it was first read: it has no anchor, and where it is only a processor
// knows. Its stack tells who called the function that it is in: memory that changed between two readings was in use
// in between, and from the first place above that where a call returns to, a walk that comes to the thread's
// outermost frame has gone over frames that are in use, or were a moment ago, as a profiler that samples sees them.
type running struct {
	*thread
	from   uint64
	before []byte
}

const (
	maxRunning = 4        // threads of one look
	lessStack  = 16 << 10 // bytes of a stack that are read where as much as wanted cannot be
	maxStarts  = 512      // places that a walk is tried from
	maxSame    = 8        // bytes that are compared at once
)

// A sampler reads stacks of running threads.
type sampler struct {
	threadLayout
	settings *settings
	view     *foreign.View
	walker   *walker
	turn     int // the thread to begin with, where there are many
}

// firstReading reads the stacks of threads that run Java code, from their outermost frame as far as no function
// writes that only looks whether there is room: a compiled one begins with a write that many bytes below its frame
// (StackShadowPages).
func (m *sampler) firstReading(threads []*thread) []running {
	var all []running
	for i := range threads {
		t := threads[(m.turn+i)%len(threads)]
		if len(all) == maxRunning {
			break
		}
		if t.state != m.inJava || t.where.sp != 0 {
			continue
		}
		for _, size := range []uint64{m.settings.shadow, lessStack} {
			from := max(t.high-min(size, t.high), t.low)
			if b := m.view.Block(from, int(t.high-from)); b != nil {
				all = append(all, running{thread: t, from: from, before: b})
				break
			}
		}
	}
	return all
}

// secondReadings reads the stacks again, after a time in which a thread on a processor has called and returned; up to
// three times, because it may have had none meanwhile.
func (m *sampler) secondReadings(all []running) {
	for range maxRounds {
		if len(all) == 0 {
			return
		}
		time.Sleep(round)
		all = slices.DeleteFunc(all, m.secondReading)
	}
}

const (
	maxRounds = 3
	round     = 2 * time.Millisecond
)

// secondReading finds who called what a thread runs, if it has run all the time. It tells whether another reading can
// tell no more.
func (m *sampler) secondReading(r running) bool {
	after := m.view.Block(r.from, len(r.before))
	b := m.view.Block(r.at, m.threadEnd)
	if after == nil || b.Uint32(m.state) != m.inJava || m.walker.anchorAt(b, m.anchor).sp != 0 {
		r.moved = true
		return true
	}
	changed := 0
	for changed+maxSame <= len(after) && [maxSame]byte(after[changed:]) == [maxSame]byte(r.before[changed:]) {
		changed += maxSame
	}
	s := &stack{view: m.view, low: r.low, high: r.high, from: r.from, part: after}
	outermost := r.from + uint64(m.lastEntry(after))
	starts, vain := 0, map[uint64]bool{}
	for at := max(changed, 8); at+8 <= len(after) && starts < maxStarts && !m.view.Spent(); at += 8 {
		pc := binary.NativeEndian.Uint64(after[at:])
		if !m.walker.sites.code.isCode(pc) {
			continue
		}
		starts++
		if m.runs(s, r, anchor{sp: r.from + uint64(at) + 8, pc: pc, fp: binary.NativeEndian.Uint64(after[at-8:])},
			outermost, vain) {
			return true
		}
	}
	return m.view.Spent()
}

// lastEntry is where the frame begins in which the virtual machine called Java first, in a part of a stack; frames of
// other such calls, which have returned, may be left below it.
func (m *sampler) lastEntry(part []byte) int {
	for at := len(part)/8*8 - 8; at >= 0; at -= 8 {
		if binary.NativeEndian.Uint64(part[at:]) == m.settings.callStub {
			return at + 8
		}
	}
	return 0
}

// runs walks from a place and keeps the frames where all hold together: each called what lies inside it, as far as
// its code says whom it calls. Places that a walk came over in vain are noted as such.
func (m *sampler) runs(s *stack, r running, a anchor, outermost uint64, vain map[uint64]bool) bool {
	var callee uint64
	var over []uint64
	r.frames = nil
	pc, sp := a.pc, a.sp
	whole := m.walker.each(s, a, func(c call) bool {
		if callee != 0 && c.method != 0 && !m.walker.sites.mayCall(pc, callee) || vain[c.caller.sp] {
			return false
		}
		if c.caller.sp == 0 {
			return sp == outermost
		}
		over = append(over, c.caller.sp)
		callee, pc, sp = c.method, c.caller.pc, c.caller.sp
		r.frames = append(r.frames, c.frames...)
		return true
	})
	if whole && len(r.frames) > 0 && !m.view.Spent() {
		r.frames = shortened(r.frames)
		return true
	}
	for _, sp := range over {
		vain[sp] = true
	}
	r.frames = nil
	return false
}
