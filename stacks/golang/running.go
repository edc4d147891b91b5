package golang

// What runs has its stack pointer in a processor. But the runtime interrupts each goroutine that runs for longer than
// 10 ms with a signal, again and again (sysmon in src/runtime/proc.go), and the kernel then puts the registers onto
// the signal stack of the thread, where they stay: struct ucontext of x86-64, asm/sigcontext.h.
const (
	contextStack = 16 // uc_stack: the address of the signal stack; its size is two words on
	contextG     = 88 // r14, in which Go keeps the address of the g
	contextSP    = 160
	contextPC    = 168
	contextSize  = 176

	maxSignalStack = 64 << 10
	maxRan         = 4096 // goroutines of which it is kept where they ran
)

// A run is where a goroutine was seen to run.
type run struct {
	machine    uint64 // address of the m
	generation uint32 // m.preemptGen then: how often it had been interrupted
}

// interruptions are the moments in which the runtime interrupted what runs.
type interruptions struct {
	memory   func(uint64, []byte) error
	layout   layout
	unwinder *unwinder
	traces   *traces
	ran      map[uint64]run // by the goroutine's id: where it ran at the last look
	distance uint64         // from a ucontext to the end of its signal stack; 0: not known yet
	calls    []call         // used again
}

// trace finds out where a goroutine stood that runs, when it was last interrupted: since the last look, or else at the
// interruption after which it goes on. It has run since, but not for long. It tells whether that is known.
func (i *interruptions) trace(s *seen) bool {
	if i.unwinder.link || s.machine == 0 { // of arm64 the registers lie elsewhere
		return false
	}
	last, known := i.ran[s.id]
	if now, ok := i.generation(s.machine); ok {
		if len(i.ran) > maxRan {
			clear(i.ran)
		}
		i.ran[s.id] = run{machine: s.machine, generation: now}
	}
	if known && i.since(last, s) {
		return true
	}
	calls := i.resumed(s)
	if len(calls) == 0 {
		return false
	}
	s.trace = i.traces.remember(calls)
	return true
}

// sinceSeen finds out where a goroutine was interrupted since this look.
func (i *interruptions) sinceSeen(s *seen) bool {
	last, known := i.ran[s.id]
	return known && i.since(last, s)
}

// since finds out where a goroutine was interrupted since it was seen to run. It may have gone on on another thread; the
// one that it ran on then was interrupted with it.
func (i *interruptions) since(last run, s *seen) bool {
	now, ok := i.generation(last.machine)
	if !ok || now == last.generation {
		return false
	}
	calls, whole := i.interruptedOn(last.machine, s)
	if whole {
		s.trace = i.traces.remember(calls)
	}
	return whole
}

// generation is how often a thread was interrupted.
func (i *interruptions) generation(machine uint64) (uint32, bool) {
	var b [8]byte
	if machine == 0 || i.memory(machine+uint64(i.layout.preemptions), b[:4]) != nil {
		return 0, false
	}
	return uint32(word(b[:], 0)), true
}

// interruptedOn unwinds from the registers on the signal stack of a thread, where they are those of the goroutine.
func (i *interruptions) interruptedOn(machine uint64, s *seen) ([]call, bool) {
	var pointer [8]byte
	var bounds [16]byte
	// M.gsignal.
	if i.memory(machine+uint64(i.layout.procID)+8, pointer[:]) != nil ||
		i.memory(word(pointer[:], 0), bounds[:]) != nil {
		return nil, false
	}
	low, high := word(bounds[:], gStackLow), word(bounds[:], gStackHigh)
	if low == 0 || high <= low || high-low > maxSignalStack {
		return nil, false
	}
	context := i.context(low, high)
	if context == nil || word(context, contextG) != s.at {
		return nil, false
	}
	sp := word(context, contextSP)
	if sp < s.low || sp >= s.high {
		return nil, false
	}
	stack := make([]byte, min(s.high-sp, maxStack))
	if i.memory(sp, stack) != nil {
		return nil, false
	}
	calls, whole := i.unwinder.unwind(i.calls[:0], word(context, contextPC), false, stack)
	i.calls = calls
	if len(calls) > 1 && calls[0].function.name == asyncPreempt { // which the signal's handler put in
		calls = fromFirst(calls[1:])
	}
	if whole && i.unwinder.called(calls) || len(stack) == maxStack || len(calls) == maxCalls {
		return calls, true
	}
	// It has returned from its innermost calls since, and others were there.
	for at := 0; at+8 <= len(stack); at += 8 {
		if calls = i.unwinder.follow(i.calls[:0], stack, at); len(calls) > 0 {
			return calls, true
		}
	}
	return nil, false
}

// context finds the ucontext on a signal stack: it says itself where that stack is.
func (i *interruptions) context(low, high uint64) []byte {
	is := func(b []byte) bool { return word(b, contextStack) == low && word(b, contextStack+16) == high-low }
	if i.distance > 0 && i.distance <= high-low {
		b := make([]byte, contextSize)
		if i.memory(high-i.distance, b) == nil && is(b) {
			return b
		}
	}
	all := make([]byte, high-low)
	if i.memory(low, all) != nil {
		return nil
	}
	for at := len(all) - contextSize; at >= 0; at -= 8 {
		if b := all[at : at+contextSize]; is(b) {
			i.distance = uint64(len(all) - at)
			return b
		}
	}
	return nil
}
