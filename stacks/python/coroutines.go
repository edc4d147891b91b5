package python

// maxAwaits is how many coroutines may await each other.
const maxAwaits = 100

// What _PyGenObject says of its frame: running is FRAME_EXECUTING, waiting the states below it but for the lowest,
// which is FRAME_CREATED (pycore_frame.h, frameobject.h).
const frameExecuting = 0

// awaits follows a coroutine to what it waits for in the end: its frames, outermost first, and the object that the
// innermost awaits; 0: it runs, has not begun, or that is not known.
func (u *unwinder) awaits(object uint64) (frames []stackFrame, last uint64) {
	frames = make([]stackFrame, 0, 8)
	for range maxAwaits {
		switch c := u.objects.typeOf(object); c.name {
		case "coroutine", "generator", "async_generator":
			f, ok := u.generatorFrame(object)
			if !ok {
				return frames, 0
			}
			frames = append(frames, f)
			next := u.awaited(object, f)
			if next == 0 {
				return frames, 0
			}
			object = next
		case "coroutine_wrapper", "async_generator_asend", "async_generator_athrow", "_asyncio.FutureIter", "FutureIter":
			// Each begins with what it is for: cw_coroutine, ags_gen, future.
			const subject = 16
			object = u.mem.word(object + subject)
		case "anext_awaitable":
			const wrapped = 16
			object = u.mem.word(object + wrapped)
		default:
			return frames, object
		}
	}
	return frames, 0
}

// generatorFrame is the frame of a coroutine or generator.
func (u *unwinder) generatorFrame(object uint64) (stackFrame, bool) {
	at := object + u.layout.generator.frame
	if u.layout.version == 0x030a {
		at = u.mem.word(at)
	}
	return u.frameAt(at)
}

// awaited is what a waiting coroutine has on top of its stack, where the instructions that await keep it; 0: it does
// not wait.
func (u *unwinder) awaited(object uint64, f stackFrame) uint64 {
	l := u.layout
	if l.version == 0x030a {
		const frameState = 108 // f_state
		depth := int(int32(u.mem.half(f.at + frame310Depth)))
		if int8(u.mem.octet(f.at+frameState)) >= frameExecuting || depth < 1 || depth > f.code.stack {
			return 0
		}
		return u.mem.word(u.mem.word(f.at+frame310Stack) + 8*uint64(depth-1))
	}
	if int8(u.mem.octet(object+l.generator.state)) >= frameExecuting {
		return 0
	}
	top := f.at + l.frame.locals
	if l.version >= 0x030e {
		top = u.mem.word(f.at + l.frame.depth) // a pointer there
	} else {
		depth := int(int32(u.mem.half(f.at + l.frame.depth))) // with the local variables
		if depth <= len(f.code.names) || depth > len(f.code.names)+f.code.stack {
			return 0
		}
		top += 8 * uint64(depth)
	}
	if lowest := f.at + l.frame.locals + 8*uint64(len(f.code.names)); top <= lowest || top > lowest+8*uint64(f.code.stack) {
		return 0
	}
	return u.mem.word(top-8) &^ 7
}
