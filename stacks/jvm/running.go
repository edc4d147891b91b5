package jvm

import (
	"encoding/binary"
	"slices"
	"time"
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
	nearCall   = 5        // bytes of a call with a distance of 32 bits: its code and that (Intel's manual, CALL)
	callCode   = 0xe8
)

// firstReading reads the stacks of threads that run Java code, from their outermost frame as far as no function
// writes that only looks whether there is room: a compiled one begins with a write that many bytes below its frame
// (StackShadowPages).
func (p *program) firstReading(threads []*thread) []running {
	var all []running
	for i := range threads {
		t := threads[(p.looks+i)%len(threads)] // each in turn, where there are many
		if len(all) == maxRunning {
			break
		}
		if t.state != p.inJava || t.where.sp != 0 {
			continue
		}
		for _, size := range []uint64{p.shadow, lessStack} {
			from := max(t.high-min(size, t.high), t.low)
			if b := p.view.Block(from, int(t.high-from)); b != nil {
				all = append(all, running{thread: t, from: from, before: b})
				break
			}
		}
	}
	return all
}

// secondReadings reads the stacks again, after a time in which a thread on a processor has called and returned; up to
// three times, because it may have had none meanwhile.
func (p *program) secondReadings(all []running) {
	for range maxRounds {
		if len(all) == 0 {
			return
		}
		time.Sleep(round)
		all = slices.DeleteFunc(all, p.secondReading)
	}
}

const (
	maxRounds = 3
	round     = 2 * time.Millisecond
)

// secondReading finds who called what a thread runs, if it has run all the time. It tells whether another reading can
// tell no more.
func (p *program) secondReading(r running) bool {
	after := p.view.Block(r.from, len(r.before))
	b := p.view.Block(r.at, p.threadEnd)
	if after == nil || b.Uint32(p.state) != p.inJava || p.anchorAt(b, p.layout.anchor).sp != 0 {
		r.moved = true
		return true
	}
	changed := 0
	for changed+maxSame <= len(after) && [maxSame]byte(after[changed:]) == [maxSame]byte(r.before[changed:]) {
		changed += maxSame
	}
	s := &stack{view: p.view, low: r.low, high: r.high, from: r.from, part: after}
	outermost := r.from + uint64(p.lastEntry(after))
	starts, vain := 0, map[uint64]bool{}
	for at := max(changed, 8); at+8 <= len(after) && starts < maxStarts && !p.view.Spent(); at += 8 {
		pc := binary.NativeEndian.Uint64(after[at:])
		if !p.isCode(pc) {
			continue
		}
		starts++
		if p.runs(s, r, anchor{sp: r.from + uint64(at) + 8, pc: pc, fp: binary.NativeEndian.Uint64(after[at-8:])},
			outermost, vain) {
			return true
		}
	}
	return p.view.Spent()
}

// lastEntry is where the frame begins in which the virtual machine called Java first, in a part of a stack; frames of
// other such calls, which have returned, may be left below it.
func (p *program) lastEntry(part []byte) int {
	for at := len(part)/8*8 - 8; at >= 0; at -= 8 {
		if binary.NativeEndian.Uint64(part[at:]) == p.callStub {
			return at + 8
		}
	}
	return 0
}

// isCode says that an address is in the interpreter or among compiled code.
func (p *program) isCode(pc uint64) bool {
	for _, h := range p.codeHeaps {
		if pc >= h.low && pc < h.high {
			return true
		}
	}
	return false
}

// runs walks from a place and keeps the frames where all hold together: each called what lies inside it, as far as
// its code says whom it calls. Places that a walk came over in vain are noted as such.
func (p *program) runs(s *stack, r running, a anchor, outermost uint64, vain map[uint64]bool) bool {
	var callee uint64
	var over []uint64
	r.frames = nil
	pc, sp := a.pc, a.sp
	whole := p.each(s, a, func(c call) bool {
		if callee != 0 && c.method != 0 && !p.mayCall(pc, callee) || vain[c.caller.sp] {
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
	if whole && len(r.frames) > 0 && !p.view.Spent() {
		r.frames = shortened(r.frames)
		return true
	}
	for _, sp := range over {
		vain[sp] = true
	}
	r.frames = nil
	return false
}

// mayCall says whether the call that returns to a place may be one of a method. It is not where it goes to the code
// of another one.
func (p *program) mayCall(pc, method uint64) bool {
	known, ok := p.calls[[2]uint64{pc, method}]
	if !ok {
		known = p.mayCallNow(pc, method)
		p.calls[[2]uint64{pc, method}] = known
	}
	return known
}

func (p *program) mayCallNow(pc, method uint64) bool {
	b := p.view.Block(pc-nearCall, nearCall)
	if b.Byte(0) != callCode {
		return true
	}
	target := pc + uint64(int64(int32(b.Uint32(1))))
	blob := p.blobAt(target)
	if blob == 0 {
		return true
	}
	h := p.view.Block(blob, p.blobHeader())
	if name := p.view.CString(h.Word(p.blobName), maxBlobName); name != "nmethod" && name != "native nmethod" {
		return true
	}
	return h.Word(p.nmMethod) == method
}
