package node

import (
	"slices"

	"github.com/hangtime-dev/hangtime/stacks"
	"github.com/hangtime-dev/hangtime/stacks/foreign"
)

// Where a frame keeps things, in bytes from its frame pointer (frame-constants.h, frame-constants-x64.h; what is not
// in the metadata).
const (
	savedFP      = 0
	returnTo     = 8
	exitFunction = 24 // of the frame of a function in C++: the function
	nextExit     = 64 // below it, of an entry frame: the frame in which JavaScript called C++ before
)

const (
	maxKind    = 40 // kinds of frames: V8 11 has 27
	maxFrames  = 128
	maxWalk    = 1 << 13
	stackChunk = 4 << 10
	maxRoom    = 1 << 20 // V8 lets JavaScript use 984 KB of a stack (--stack-size)
)

// A stack is the part of it in which JavaScript is. Parts are read as they are asked for.
type stack struct {
	view *foreign.View
	from uint64
	part foreign.Block
}

func (s *stack) word(at uint64) uint64 {
	if at%8 != 0 {
		return 0
	}
	if at < s.from || at+8 > s.from+uint64(len(s.part)) {
		s.from = at
		if s.part = s.view.Block(at, stackChunk); s.part == nil {
			s.part = s.view.Block(at, 64) // the stack's end is near
		}
	}
	return s.part.Word(int(at - s.from))
}

// A walker follows the calls of JavaScript on a stack.
type walker struct {
	frameLayout
	codeLayout
	*functions
	compiled
}

// A call is one that goes on: its frame, and where in its code it is.
type call struct {
	fp   uint64
	pc   uint64 // the instruction to go on with; 0: it is not known
	runs bool   // it runs, and has called nothing
}

// walk follows the frames from one of them outwards to the one in which C++ called JavaScript first. It tells whether
// it came there; if not, what it found may be remains of other calls.
func (w *walker) walk(s *stack, from call, entry uint64) (all []stacks.Frame, whole bool) {
	if s == nil {
		s = &stack{view: w.view}
	}
	fp := from.fp
	if entry-fp > maxRoom {
		return nil, false
	}
	for range maxWalk {
		if fp == entry {
			return shortened(all), len(all) > 0
		}
		marker := s.word(fp + uint64(w.frameMarker))
		next := s.word(fp + savedFP)
		switch kind := int(marker >> 1); {
		case marker&1 != 0: // a context: the frame of a function
			f, ok := w.frame(s, from)
			if !ok {
				return nil, false
			}
			all = append(all, f)
		case marker == 0 || marker > maxKind<<1:
			return nil, false
		case kind == w.entryFrame || kind == w.constructEntryFrame:
			next = s.word(fp - nextExit)
		case kind == w.builtinExitFrame:
			if f := w.function(s.word(fp + exitFunction)); f != nil {
				all = append(all, f.Frame)
			}
		}
		if next <= fp || next > entry {
			return nil, false
		}
		from = call{fp: next, pc: s.word(fp + returnTo)}
		fp = next
	}
	return nil, false
}

// shortened leaves out the middle of a deep recursion: how the thread came into it says more than how often it calls itself.
func shortened(all []stacks.Frame) []stacks.Frame {
	if len(all) <= maxFrames {
		return all
	}
	return slices.Concat(all[:maxFrames/2], all[len(all)-maxFrames/2:])
}

// frame is the call of a function.
func (w *walker) frame(s *stack, from call) (stacks.Frame, bool) {
	fp := from.fp
	word := s.word(fp + uint64(w.frameFunction))
	f := w.function(word)
	if f == nil {
		return stacks.Frame{}, false
	}
	frame := f.Frame
	if c, compiled := w.codeAt(from.pc); compiled {
		if bytecodes, offset, known := w.bytecodeIn(c, w.field(word, w.functionShared), from); known {
			if line := w.sources.lineAt(&f.table, f.script, bytecodes, offset); line > 0 {
				frame.Line = line
			}
		}
		return frame, true
	}
	bytecodes, place := s.word(fp+uint64(w.frameBytecodes)), s.word(fp+uint64(w.frameBytecode))
	if offset, ok := small(place); ok && offset >= w.bytecodes-tag && w.typeOf(bytecodes) == w.bytecodeType {
		if line := w.sources.lineAt(&f.table, f.script, bytecodes, offset-(w.bytecodes-tag)); line > 0 {
			frame.Line = line
		}
	}
	return frame, true
}
