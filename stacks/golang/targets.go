package golang

const (
	pollerSize = 48 // of runtime.pollDesc up to wg
	pollerFD   = 8
	pollerRead = 32 // rg: the goroutine that waits to read
	pollerSend = 40 // wg
)

// sudogSize is how much of a sudog is read.
func (l layout) sudogSize() int { return l.channel + 8 }

// targets find what goroutines wait for.
type targets struct {
	memory  func(uint64, []byte) error
	layout  layout
	slots   slots
	scratch *scratch
}

// follow reads what the goroutines wait for.
func (t *targets) follow(all []seen, left budget) {
	size := max(t.layout.sudogSize(), pollerSize)
	room := make([]byte, len(all)*size) // not of scratch: that has the stacks
	pieces := make([]piece, 0, len(all))
	for i := range all {
		s := &all[i]
		if !t.aim(s) {
			continue
		}
		s.target.memory, room = room[:size], room[size:]
		if s.target.at == 0 && s.target.call != nil {
			s.target.at = t.slots.guess(s.target.call.pc, s.target.call.bytes(s.stack))
		}
		if s.target.at != 0 {
			pieces = append(pieces, piece{at: s.target.at, into: s.target.memory})
		}
	}
	gather(t.memory, pieces, t.scratch.buffer)
	for i := range all {
		if aimed := &all[i].target; aimed.call != nil && !aimed.good() && !left.spent() {
			aimed.at = t.slots.learn(aimed.call.pc, aimed.call.bytes(all[i].stack), func(at uint64) bool {
				return t.memory(at, aimed.memory) == nil && aimed.proves(aimed.memory)
			})
			if aimed.at != 0 && t.memory(aimed.at, aimed.memory) != nil {
				aimed.at = 0
			}
		}
	}
}

// aim says where the goroutine's target is, and whether it has one. Up to Go 1.24 g.waiting says nothing of
// semaphores: the frame of runtime.semacquire1 has the sudog. The poller is in the frame of what waits for it.
func (t *targets) aim(s *seen) bool {
	if s.status != waiting && s.status != leaked {
		return false
	}
	switch s.reason {
	case waitIO:
		s.target = target{call: s.call("internal/poll.runtime_pollWait"), proves: s.polled}
	case waitChannel:
		s.target = target{at: s.waiting, proves: func(b []byte) bool { return word(b, sudogG) == s.at }}
	case waitSemaphore, waitMutex, waitRWMutexRead, waitRWMutexWrite, waitGroup:
		l := t.layout
		s.target = target{at: s.waiting, proves: func(b []byte) bool {
			return word(b, sudogG) == s.at && word(b, l.element) != 0 && word(b, l.channel) == 0
		}}
		if s.waiting == 0 {
			s.target.call = s.call("runtime.semacquire1")
		}
	default:
		return false
	}
	return true
}

// polled tells whether a pollDesc is one at which the goroutine waits.
func (s *seen) polled(b []byte) bool {
	return word(b, pollerRead) == s.at || word(b, pollerSend) == s.at
}
