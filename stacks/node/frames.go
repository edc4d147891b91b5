package node

import (
	"slices"
	"time"

	"github.com/hangtime-dev/hangtime/stacks"
	"github.com/hangtime-dev/hangtime/stacks/foreign"
)

// Where a frame keeps things, in bytes from its frame pointer (frame-constants.h, frame-constants-x64.h; what is not
// in the metadata).
const (
	savedFP      = 0
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

// walk follows the frames from one of them outwards to the one in which C++ called JavaScript first. It tells whether
// it came there; if not, what it found may be remains of other calls.
func (e *engine) walk(s *stack, fp, entry uint64) (all []stacks.Frame, whole bool) {
	if s == nil {
		s = &stack{view: e.view}
	}
	if entry-fp > maxRoom {
		return nil, false
	}
	for range maxWalk {
		if fp == entry {
			return shortened(all), len(all) > 0
		}
		marker := s.word(fp + uint64(e.frameMarker))
		next := s.word(fp + savedFP)
		switch kind := int(marker >> 1); {
		case marker&1 != 0: // a context: the frame of a function
			f, ok := e.frame(s, fp)
			if !ok {
				return nil, false
			}
			all = append(all, f)
		case marker == 0 || marker > maxKind<<1:
			return nil, false
		case kind == e.entryFrame || kind == e.constructEntryFrame:
			next = s.word(fp - nextExit)
		case kind == e.builtinExitFrame:
			if f := e.function(s.word(fp + exitFunction)); f != nil {
				all = append(all, f.Frame)
			}
		}
		if next <= fp || next > entry {
			return nil, false
		}
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

// frame is the call of a function whose frame is at an address.
func (e *engine) frame(s *stack, fp uint64) (stacks.Frame, bool) {
	f := e.function(s.word(fp + uint64(e.frameFunction)))
	if f == nil {
		return stacks.Frame{}, false
	}
	frame := f.Frame
	bytecodes, place := s.word(fp+uint64(e.frameBytecodes)), s.word(fp+uint64(e.frameBytecode))
	if offset, ok := small(place); ok && offset >= e.bytecodes-tag && e.typeOf(bytecodes) == e.bytecodeType {
		if line := e.lineAt(f, bytecodes, offset-(e.bytecodes-tag)); line > 0 {
			frame.Line = line
		}
	}
	return frame, true
}

// What is read of the stack twice, in bytes inwards from its first call of JavaScript: as much of it as there is.
var runStacks = [...]uint64{128 << 10, 32 << 10, 8 << 10}

const (
	maxRounds = 3
	round     = 2 * time.Millisecond
)

// running are the calls while JavaScript, or a regular expression, runs on a processor, which alone knows where.
// Memory of the stack that changed between two readings was in use in between; from the first frame above it a walk
// that comes to the first call of JavaScript has gone over frames that are in use, or were a moment ago.
func (r *reader) running(before top) []stacks.Frame {
	first, size := r.inner(before.entry)
	for range maxRounds {
		if first == nil {
			return nil
		}
		time.Sleep(round)
		second := r.view.Block(before.entry-size, int(size))
		if second == nil || r.top() != before {
			return nil
		}
		s := &stack{view: r.view, from: before.entry - size, part: append(second, r.view.Block(before.entry, 8)...)}
		for at := changed(first, second); at+8 <= len(second) && !r.view.Spent(); at += 8 {
			if next := second.Word(at); next <= s.from+uint64(at) || next > before.entry {
				continue
			}
			if frames, whole := r.walk(s, s.from+uint64(at), before.entry); whole {
				return frames
			}
		}
	}
	return nil
}

// inner reads the stack inwards from the first call of JavaScript.
func (r *reader) inner(entry uint64) (foreign.Block, uint64) {
	for _, size := range runStacks {
		if b := r.view.Block(entry-size, int(size)); b != nil {
			return b, size
		}
	}
	return nil, 0
}

// changed is where two readings first differ.
func changed(first, second foreign.Block) int {
	at := 0
	for at+8 <= len(second) && first.Word(at) == second.Word(at) {
		at += 8
	}
	return at
}
