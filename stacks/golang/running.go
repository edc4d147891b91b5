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
	maxInterrupted = 4096 // threads of a program of which it is kept when they were last interrupted
)

// An interrupted is what is remembered of a thread between two looks.
type interrupted struct {
	generation uint32 // m.preemptGen: how often it was interrupted
	distance   uint64 // from the ucontext to the end of the signal stack; 0: not known
}

// interruptions are the moments in which the runtime interrupted what runs.
type interruptions struct {
	memory   func(uint64, []byte) error
	layout   layout
	unwinder *unwinder
	traces   *traces
	known    map[uint64]interrupted // by the address of the m
}

// trace finds out where a goroutine stood that runs, when it was last interrupted. That must have been since the
// last look: it has run since, but not for long.
func (i *interruptions) trace(s *seen, calls []call) []call {
	if i.unwinder.link || s.machine == 0 { // of arm64 the registers lie elsewhere
		return calls
	}
	known, seenBefore := i.known[s.machine]
	var b [8]byte
	if i.memory(s.machine+uint64(i.layout.preemptions), b[:4]) != nil {
		return calls
	}
	generation := uint32(word(b[:], 0))
	fresh := seenBefore && generation != known.generation
	known.generation = generation
	if fresh {
		calls = i.interruptedAt(s, &known, calls)
	}
	if len(i.known) > maxInterrupted {
		clear(i.known)
	}
	i.known[s.machine] = known
	return calls
}

// interruptedAt unwinds from the registers on the signal stack, where they are those of the goroutine.
func (i *interruptions) interruptedAt(s *seen, known *interrupted, calls []call) []call {
	var pointer [8]byte
	var bounds [16]byte
	// M.gsignal.
	if i.memory(s.machine+uint64(i.layout.procID)+8, pointer[:]) != nil ||
		i.memory(word(pointer[:], 0), bounds[:]) != nil {
		return calls
	}
	low, high := word(bounds[:], gStackLow), word(bounds[:], gStackHigh)
	if low == 0 || high <= low || high-low > maxSignalStack {
		return calls
	}
	context := i.context(low, high, known)
	if context == nil || word(context, contextG) != s.at {
		return calls
	}
	sp := word(context, contextSP)
	if sp < s.low || sp >= s.high {
		return calls
	}
	stack := make([]byte, min(s.high-sp, maxStack))
	if i.memory(sp, stack) != nil {
		return calls
	}
	calls, whole := i.unwinder.unwind(calls, word(context, contextPC), false, stack)
	if whole || len(stack) == maxStack || len(calls) == maxCalls {
		seen := calls
		if len(seen) > 1 && seen[0].function.name == asyncPreempt { // which the signal's handler put in
			seen = seen[1:]
		}
		s.trace = i.traces.remember(seen)
	}
	return calls
}

// context finds the ucontext on a signal stack: it says itself where that stack is.
func (i *interruptions) context(low, high uint64, known *interrupted) []byte {
	is := func(b []byte) bool { return word(b, contextStack) == low && word(b, contextStack+16) == high-low }
	if known.distance > 0 && known.distance <= high-low {
		b := make([]byte, contextSize)
		if i.memory(high-known.distance, b) == nil && is(b) {
			return b
		}
	}
	all := make([]byte, high-low)
	if i.memory(low, all) != nil {
		return nil
	}
	for at := len(all) - contextSize; at >= 0; at -= 8 {
		if b := all[at : at+contextSize]; is(b) {
			known.distance = uint64(len(all) - at)
			return b
		}
	}
	return nil
}
