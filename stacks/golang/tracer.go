package golang

import "time"

// A tracer reads what stands on the stacks of goroutines.
type tracer struct {
	memory        func(uint64, []byte) error
	layout        layout
	unwinder      *unwinder
	traces        *traces
	interruptions *interruptions
	scratch       *scratch
	patience      time.Duration // how long this look may still wait for interruptions
}

// trace reads the stacks of goroutines and unwinds them.
func (t *tracer) trace(all []goroutine) []seen {
	seens := make([]seen, 0, len(all))
	pieces, size := make([]piece, 0, len(all)), 0
	for _, g := range all {
		s := seen{goroutine: g, trace: &trace{}}
		if begin := t.unwinder.site(g.start, false); begin.good {
			s.began = begin.function.name
		}
		if g.status != running && !runtimeOnly(s.began) {
			size += int(min(g.high-g.sp, maxStack))
		}
		seens = append(seens, s)
	}
	room := t.scratch.take(size)
	for i := range seens {
		s := &seens[i]
		if s.status != running && !runtimeOnly(s.began) {
			length := min(s.high-s.sp, maxStack)
			s.stack, room = room[:length], room[length:]
			pieces = append(pieces, piece{at: s.sp, into: s.stack})
		}
	}
	gather(t.memory, pieces, t.scratch.buffer)
	var calls []call
	var unknown []*seen
	for i := range seens {
		s := &seens[i]
		if s.stack != nil {
			calls = t.unwindOne(s, calls[:0])
			continue
		}
		s.trace = t.traces.begun(s.start)
		if s.status == running && !runtimeOnly(s.began) && !t.interruptions.trace(s) {
			unknown = append(unknown, s)
		}
	}
	t.await(unknown)
	return seens
}

// unwindOne unwinds a stack, and once more from fresh memory where the goroutine went on meanwhile.
func (t *tracer) unwindOne(s *seen, calls []call) []call {
	var whole bool
	if calls, whole = t.unwinder.unwind(calls, s.pc, true, s.stack); !whole && len(s.stack) < maxStack && t.again(s) {
		calls, whole = t.unwinder.unwind(calls[:0], s.pc, true, s.stack)
	}
	if whole || len(s.stack) == maxStack || len(calls) == maxCalls {
		s.trace = t.traces.remember(calls)
	} else {
		s.trace = t.traces.begun(s.start)
	}
	return calls
}

// again reads a goroutine and its stack once more and tells whether that could be done.
func (t *tracer) again(s *seen) bool {
	b := make([]byte, t.layout.size())
	if t.memory(s.at, b) != nil {
		return false
	}
	g, ok := t.layout.decode(s.at, b)
	if !ok || !g.alive() || g.status == running || g.id != s.id {
		return false
	}
	stack := make([]byte, min(g.high-g.sp, maxStack))
	if t.memory(g.sp, stack) != nil {
		return false
	}
	s.goroutine, s.stack = g, stack
	return true
}
