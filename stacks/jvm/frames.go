package jvm

import (
	"github.com/hangtime-dev/hangtime/stacks"
	"github.com/hangtime-dev/hangtime/stacks/foreign"
)

// Where a frame keeps things, in bytes above its frame pointer (frame_x86.hpp, the same from JDK 9 to 21).
const (
	savedFP  = 0
	returnPC = 8
	callerSP = 16 // the caller's stack begins here, with what the interpreter added to it
)

// And in bytes below it.
const (
	callerReal    = 8  // of an interpreter's frame: where the caller's stack began before
	frameMethod   = 24 // of an interpreter's frame: Method*
	frameBytecode = 64 // of an interpreter's frame: address of the bytecode that it is at
	entryWrapper  = 48 // of a call from the virtual machine: its JavaCallWrapper
)

const (
	maxFrames  = 256
	maxWalk    = 1024    // physical frames: those of the runtime's own count too
	stackChunk = 4 << 10 // what is read of a stack at once: the frames of a server's thread fit mostly
)

// An anchor is the place where a thread left Java for the virtual machine, or for the system.
type anchor struct{ sp, pc, fp uint64 }

func (p *program) anchorAt(b foreign.Block, at int) anchor {
	return anchor{sp: b.Word(at + p.lastSP), pc: b.Word(at + p.lastPC), fp: b.Word(at + p.lastFP)}
}

// A stack is that of a thread: it grows from high down. Parts are read as they are asked for.
type stack struct {
	view      *foreign.View
	low, high uint64
	from      uint64
	part      foreign.Block
}

// word is the word at an address of the stack; false: it is none of it, or cannot be read.
func (s *stack) word(at uint64) (uint64, bool) {
	if at < s.low || at > s.high-8 || at%8 != 0 {
		return 0, false
	}
	if at < s.from || at+8 > s.from+uint64(len(s.part)) {
		s.from = at
		if s.part = s.view.Block(at, int(min(stackChunk, s.high-at))); s.part == nil {
			return 0, false
		}
	}
	return s.part.Word(int(at - s.from)), true
}

// walk follows the calls of a thread from the place where it left Java outwards. Each frame must lie above the one that it called; what does not hold together ends it.
func (p *program) walk(s *stack, a anchor) []stacks.Frame {
	var all []stacks.Frame
	real := a.sp // where a compiled frame begins, whatever an interpreted callee added to it
	if a.pc == 0 && a.sp != 0 {
		a.pc, _ = s.word(a.sp - 8)
	}
	for range maxWalk {
		if a.sp == 0 || a.pc == 0 || len(all) >= maxFrames {
			break
		}
		var ok bool
		next := a
		switch {
		case a.pc == p.callStub:
			next, ok = p.beyondEntry(s, a)
			real = next.sp
		case a.pc >= p.interpreterLow && a.pc < p.interpreterHigh:
			if f, good := p.interpreted(s, a.fp); good {
				all = append(all, f...)
			}
			next, real, ok = beyondInterpreted(s, a.fp)
		default:
			var f []stacks.Frame
			f, next, ok = p.beyondCompiled(s, a, real)
			all = append(all, f...)
			real = next.sp
		}
		if !ok || next.sp <= a.sp || next.sp > s.high {
			break
		}
		a = next
	}
	return all[:min(len(all), maxFrames)]
}

// beyondEntry goes from a call of the virtual machine into Java to the place where the virtual machine was called from Java; the outermost one has none.
func (p *program) beyondEntry(s *stack, a anchor) (anchor, bool) {
	wrapper, ok := s.word(a.fp - entryWrapper)
	if !ok || wrapper < s.low || wrapper >= s.high {
		return anchor{}, false
	}
	next := p.anchorAt(s.view.Block(wrapper, p.wrapperAnchor+24), p.wrapperAnchor)
	if next.sp != 0 && next.pc == 0 {
		next.pc, ok = s.word(next.sp - 8)
	}
	return next, ok
}

// interpreted is the frame of a method that is interpreted; none where it is the runtime's.
func (p *program) interpreted(s *stack, fp uint64) ([]stacks.Frame, bool) {
	at, ok := s.word(fp - frameMethod)
	m := p.method(at)
	if !ok || m == nil || m.glue {
		return nil, false
	}
	place, _ := s.word(fp - frameBytecode)
	if bci, inside := m.inside(place); inside {
		return []stacks.Frame{m.at(bci)}, true
	}
	return []stacks.Frame{m.frame}, true // a native one
}

func beyondInterpreted(s *stack, fp uint64) (next anchor, real uint64, ok bool) {
	next.pc, ok = s.word(fp + returnPC)
	if !ok {
		return anchor{}, 0, false
	}
	next.fp, _ = s.word(fp + savedFP)
	next.sp = fp + callerSP
	real, ok = s.word(fp - callerReal)
	return next, real, ok
}

// beyondCompiled goes over a frame of known size: of a compiled method, or of the virtual machine's own code.
func (p *program) beyondCompiled(s *stack, a anchor, real uint64) ([]stacks.Frame, anchor, bool) {
	here := p.site(a.pc)
	if here != nil && here.original >= 0 {
		pc, ok := s.word(real + uint64(here.original))
		if !ok {
			return nil, anchor{}, false
		}
		here = p.site(pc)
	}
	if here == nil || here.size == 0 || here.original >= 0 {
		return nil, anchor{}, false
	}
	next := anchor{sp: real + here.size}
	var ok bool
	if next.pc, ok = s.word(next.sp - 8); !ok {
		return here.frames, anchor{}, false
	}
	next.fp, ok = s.word(next.sp - 16)
	return here.frames, next, ok
}
