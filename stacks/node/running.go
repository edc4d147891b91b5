package node

import (
	"errors"
	"time"

	"github.com/hangtime-dev/hangtime/kernel/perf"
	"github.com/hangtime-dev/hangtime/stacks"
	"github.com/hangtime-dev/hangtime/stacks/foreign"
)

// What is read of the stack twice, in bytes inwards from its first call of JavaScript: as much of it as there is.
var runStacks = [...]uint64{128 << 10, 32 << 10, 8 << 10}

const (
	maxRounds = 3
	round     = 2 * time.Millisecond
)

// maxHops bounds how many frames of C++ are gone over to one of JavaScript, where it has such frames.
const maxHops = 8

// runs are the calls while JavaScript, or a regular expression, runs on a processor: from the registers of one moment where
// these can be had, else by what changes on the stack.
func (r *reader) runs(tid int, in isolate, before top) []stacks.Frame {
	if frames := r.sampled(tid, in, before); frames != nil {
		return frames
	}
	return r.walker.running(in, before)
}

// sampled are the calls by the registers of a thread; nil: they are not known, or lead nowhere.
func (r *reader) sampled(tid int, in isolate, before top) []stacks.Frame {
	if r.process.Where == nil {
		return nil
	}
	for range maxRounds {
		now, err := r.process.Where(tid)
		if err != nil {
			if !errors.Is(err, perf.ErrAsleep) {
				r.process.Where = nil // it may not be known
			}
			return nil
		}
		if in.top() != before {
			return nil
		}
		s := &stack{view: r.view, from: now.SP, part: now.Stack}
		from := call{fp: now.FP, pc: now.PC, runs: true}
		for range maxHops {
			if from.fp < now.SP || from.fp > before.entry {
				break
			}
			if frames, whole := r.walker.walk(s, from, before.entry); whole {
				return frames
			}
			from = call{fp: s.word(from.fp + savedFP), pc: s.word(from.fp + returnTo)}
		}
	}
	return nil
}

// running are the calls while JavaScript, or a regular expression, runs on a processor, which alone knows where.
// Memory of the stack that changed between two readings was in use in between; from the first frame above it a walk
// that comes to the first call of JavaScript has gone over frames that are in use, or were a moment ago.
func (w *walker) running(in isolate, before top) []stacks.Frame {
	first, size := w.inner(before.entry)
	for range maxRounds {
		if first == nil {
			return nil
		}
		time.Sleep(round)
		second := w.view.Block(before.entry-size, int(size))
		if second == nil || in.top() != before {
			return nil
		}
		s := &stack{view: w.view, from: before.entry - size, part: append(second, w.view.Block(before.entry, 8)...)}
		for at := changed(first, second); at+8 <= len(second) && !w.view.Spent(); at += 8 {
			if next := second.Word(at); next <= s.from+uint64(at) || next > before.entry {
				continue
			}
			if frames, whole := w.walk(s, call{fp: s.from + uint64(at)}, before.entry); whole {
				return frames
			}
		}
	}
	return nil
}

// inner reads the stack inwards from the first call of JavaScript.
func (w *walker) inner(entry uint64) (foreign.Block, uint64) {
	for _, size := range runStacks {
		if b := w.view.Block(entry-size, int(size)); b != nil {
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
