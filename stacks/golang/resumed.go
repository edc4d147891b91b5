package golang

// afterPreempt is the function in which a goroutine goes on after it was interrupted in the middle of its code:
// asyncPreempt has saved its registers on its stack and calls this one (src/runtime/preempt.go).
const afterPreempt = "runtime.asyncPreempt2"

const (
	savedG     = 96       // of asyncPreempt's frame: r14, the address of the g, from preempt_amd64.s
	maxResumed = 64 << 10 // bytes of a stack, from its first call on, in which it is looked for where it was interrupted
	maxRemains = 8        // places that are compared
)

// resumed are the calls that a goroutine was in when it was last interrupted, by what that left on its own stack. The
// g keeps where it went on until it next waits, calls the system or gets a larger stack: if that is behind an
// interruption, it has done nothing since but compute, so that it was interrupted in what it does now. Where several
// interruptions left something it is not known which is the last; then these are the calls that were in all of them.
func (i *interruptions) resumed(s *seen) []call {
	if after := i.unwinder.site(s.pc, true); !after.good || after.function.name != afterPreempt || s.high <= s.low {
		return nil
	}
	from := max(s.low, s.high-min(s.high, maxResumed))
	stack := make([]byte, s.high-from)
	if i.memory(from, stack) != nil {
		return nil
	}
	var common []call
	for at, found := 0, 0; at+8 <= len(stack) && found < maxRemains; at += 8 {
		calls := i.remains(s.at, stack, at)
		switch {
		case calls == nil:
			continue
		case found == 0:
			common = calls
		default:
			common = outer(common, calls)
		}
		found++
	}
	return fromFirst(common)
}

// remains are the calls that an interruption left at a word of a stack, the one behind asyncPreempt's call; nil: it is
// no such word, or what it leads to is not whole any more. Their bytes are counted from the end of the stack.
func (i *interruptions) remains(g uint64, stack []byte, at int) []call {
	if at+8+savedG+8 > len(stack) || word(stack, at+8+savedG) != g || i.unwinder.functionAt(word(stack, at)) != asyncPreempt {
		return nil
	}
	calls := i.unwinder.follow(nil, stack, at)
	if len(calls) < 2 {
		return nil
	}
	for n := range calls {
		calls[n].at -= len(stack) - at - 8
		calls[n].end -= len(stack) - at - 8
	}
	return calls[1:]
}

// outer are the outermost calls that two stacks have in common, up to the one in which they part.
func outer(a, b []call) []call {
	n := 0
	for n < len(a) && n < len(b) {
		one, other := &a[len(a)-1-n], &b[len(b)-1-n]
		if one.end != other.end || one.function.entry != other.function.entry {
			break
		}
		n++
		if one.pc != other.pc {
			break
		}
	}
	return a[len(a)-n:]
}

// fromFirst counts the bytes of calls from those of the innermost.
func fromFirst(calls []call) []call {
	if len(calls) == 0 {
		return nil
	}
	start := calls[0].at
	for n := range calls {
		calls[n].at -= start
		calls[n].end -= start
	}
	return calls
}
