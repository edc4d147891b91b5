package jvm

import (
	"slices"

	"github.com/hangtime-dev/hangtime/stacks"
	"github.com/hangtime-dev/hangtime/stacks/foreign"
)

// Where a frame keeps things, in bytes above its frame pointer (frame_x86.hpp, the same from JDK 9 to 25).
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

// anchorAt is the anchor at an offset.
func (l *anchorLayout) anchorAt(b foreign.Block, at int) anchor {
	return anchor{sp: b.Word(at + l.lastSP), pc: b.Word(at + l.lastPC), fp: b.Word(at + l.lastFP)}
}

// anchorSize holds the three words of a JavaFrameAnchor, and what a version may put between them.
const anchorSize = 64

// A stack is that of a thread: it grows from high down. Parts are read as they are asked for.
type stack struct {
	view      *foreign.View
	low, high uint64
	from      uint64
	part      foreign.Block
	beyond    bool // the innermost frame of a method has been passed
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

// A call is one frame on a stack as the processor has it: of one method, of several of which the compiler has put one
// into another, or of the runtime's own.
type call struct {
	frames []stacks.Frame // innermost first
	method uint64         // the Method that was called; 0: it is the runtime's
	caller anchor         // where it returns to; sp is 0: it is the outermost one
	real   uint64         // where a compiled caller's frame begins, whatever an interpreted callee added to it
}

// A walker follows the calls on stacks.
type walker struct {
	anchorLayout
	settings *settings
	view     *foreign.View
	methods  *methods
	sites    *sites
}

// walk follows the calls of a thread from the place where it left Java outwards. Each frame must lie above the one
// that it called; what does not hold together ends it.
func (w *walker) walk(s *stack, a anchor) []stacks.Frame {
	var all []stacks.Frame
	w.each(s, a, func(c call) bool {
		all = append(all, c.frames...)
		return true
	})
	return shortened(all)
}

// shortened leaves out the middle of a deep recursion: how a thread came into it says more than how often it calls itself.
func shortened(all []stacks.Frame) []stacks.Frame {
	if len(all) <= maxFrames {
		return all
	}
	return slices.Concat(all[:maxFrames/2], all[len(all)-maxFrames/2:])
}

// each calls for every frame until it says false. It tells whether it came to the outermost frame of the thread.
func (w *walker) each(s *stack, a anchor, of func(call) bool) (whole bool) {
	real := a.sp
	if a.pc == 0 && a.sp != 0 {
		a.pc, _ = s.word(a.sp - 8)
	}
	for range maxWalk {
		c, ok := w.call(s, a, real)
		if !ok || !of(c) {
			return false
		}
		s.beyond = s.beyond || c.method != 0
		if c.caller.sp == 0 {
			return true
		}
		if c.caller.sp <= a.sp || c.caller.sp > s.high || c.caller.pc == 0 {
			return false
		}
		a, real = c.caller, c.real
	}
	return false
}

// call is the frame at a place.
func (w *walker) call(s *stack, a anchor, real uint64) (call, bool) {
	switch {
	case a.pc == w.settings.callStub:
		return w.entry(s, a)
	case a.pc >= w.settings.interpreterLow && a.pc < w.settings.interpreterHigh:
		return w.interpreted(s, a)
	}
	return w.compiled(s, a, real)
}

// entry is a call of the virtual machine into Java: its caller is where the virtual machine was called from Java; the
// outermost one has none.
func (w *walker) entry(s *stack, a anchor) (call, bool) {
	wrapper, ok := s.word(a.fp - entryWrapper)
	if !ok || wrapper < s.low || wrapper >= s.high {
		return call{}, false
	}
	b := s.view.Block(wrapper, w.wrapperAnchor+anchorSize)
	c := call{caller: w.anchorAt(b, w.wrapperAnchor)}
	if c.real = c.caller.sp; c.real != 0 && c.caller.pc == 0 {
		c.caller.pc, ok = s.word(c.real - 8)
	}
	return c, ok && b != nil
}

// interpreted is the frame of a method that is interpreted.
func (w *walker) interpreted(s *stack, a anchor) (c call, ok bool) {
	if c.caller.pc, ok = s.word(a.fp + returnPC); !ok {
		return c, false
	}
	c.caller.fp, _ = s.word(a.fp + savedFP)
	c.caller.sp = a.fp + callerSP
	if c.real, ok = s.word(a.fp - callerReal); !ok {
		return c, false
	}
	c.method, _ = s.word(a.fp - frameMethod)
	m := w.methods.method(c.method)
	if m == nil {
		c.method = 0
		return c, true
	}
	place, _ := s.word(a.fp - frameBytecode)
	if bci, inside := m.inside(place); m.glue {
		return c, true
	} else if inside {
		// monitorenter steps on before it waits (TemplateTable::monitorenter), maybe over the end of its line.
		const monitorEnter = 0xc2
		if bci > 0 && !s.beyond && w.view.Block(place-1, 1).Byte(0) == monitorEnter {
			bci--
		}
		c.frames = []stacks.Frame{m.at(bci)}
	} else { // a native one
		c.frames = []stacks.Frame{m.frame}
	}
	return c, true
}

// compiled is a frame of known size: of a compiled method, or of the virtual machine's own code.
func (w *walker) compiled(s *stack, a anchor, real uint64) (c call, ok bool) {
	here := w.sites.site(a.pc)
	if here != nil && here.original >= 0 {
		pc, ok := s.word(real + uint64(here.original))
		if !ok {
			return c, false
		}
		here = w.sites.site(pc)
	}
	if here == nil || here.size == 0 || here.original >= 0 {
		return c, false
	}
	c.frames, c.method = here.frames, here.method
	c.caller.sp = real + here.size
	c.real = c.caller.sp
	if c.caller.pc, ok = s.word(c.caller.sp - 8); !ok {
		return c, false
	}
	c.caller.fp, ok = s.word(c.caller.sp - 16)
	return c, ok
}
