package golang

import (
	"encoding/binary"
	"time"

	"github.com/hangtime-dev/hangtime/stacks"
)

const (
	pollerSize = 48 // of runtime.pollDesc up to wg
	pollerFD   = 8
	pollerRead = 32 // rg: the goroutine that waits to read
	pollerSend = 40 // wg
)

// sudogSize is how much of a sudog is read.
func (l layout) sudogSize() int { return l.channel + 8 }

// follow reads what the goroutines wait for: the sudogs of those at a channel or a semaphore, the pollers of those at a descriptor.
func (r *reader) follow(all []seen) {
	pieces := make([]piece, 0, len(all))
	size := r.program.layout.sudogSize()
	memory := make([]byte, len(all)*max(size, pollerSize)) // not r.room: it has the stacks
	for i := range all {
		s := &all[i]
		if s.status != waiting && s.status != leaked {
			continue
		}
		var at uint64
		switch s.reason {
		case waitIO:
			s.poller, memory = memory[:pollerSize], memory[pollerSize:]
			at = r.poller(s)
			pieces = append(pieces, piece{at: at, into: s.poller})
		case waitChannel, waitSemaphore, waitMutex, waitRWMutexRead, waitRWMutexWrite, waitGroup:
			s.sudog, memory = memory[:size], memory[size:]
			at = r.sudog(s)
			s.queued = at
			pieces = append(pieces, piece{at: at, into: s.sudog})
		}
	}
	gather(r.process.Memory, pieces, r.buffer)
}

// sudog is the address of the goroutine's place in the queue of a channel or a semaphore. Up to Go 1.24 g.waiting says nothing of the latter: the frame of runtime.semacquire1 has it.
func (r *reader) sudog(s *seen) uint64 {
	if s.waiting != 0 || s.reason == waitChannel {
		return s.waiting
	}
	return r.slots.inFrame(s.call("runtime.semacquire1"), s.stack, func(at uint64) bool {
		b := make([]byte, r.program.layout.sudogSize())
		return r.process.Memory(at, b) == nil && r.isQueued(s, b)
	})
}

// isQueued tells whether a sudog is that of a goroutine at a semaphore: it has no channel.
func (r *reader) isQueued(s *seen, b []byte) bool {
	word := binary.LittleEndian.Uint64
	l := r.program.layout
	return word(b[sudogG:]) == s.at && word(b[l.element:]) != 0 && word(b[l.channel:]) == 0
}

// poller is the address of the pollDesc of the descriptor that the goroutine waits for. Its functions keep it in their frames.
func (r *reader) poller(s *seen) uint64 {
	return r.slots.inFrame(r.pollerCall(s), s.stack, func(at uint64) bool {
		var b [pollerSize]byte
		return r.process.Memory(at, b[:]) == nil && isPolled(s, b[:])
	})
}

func (r *reader) pollerCall(s *seen) *call {
	if c := s.call("internal/poll.runtime_pollWait"); c != nil {
		return c
	}
	return s.call("runtime.netpollblock")
}

// isPolled tells whether a pollDesc is one at which the goroutine waits.
func isPolled(s *seen, b []byte) bool {
	word := binary.LittleEndian.Uint64
	return word(b[pollerRead:]) == s.at || word(b[pollerSend:]) == s.at
}

// wait is what a goroutine waits for.
func (r *reader) wait(s *seen, now int64) stacks.Wait {
	var w stacks.Wait
	switch s.status {
	case inSyscall:
		if s.on == "child" {
			w.On = s.on
		}
	case waiting, leaked:
		w = r.parked(s)
	}
	if w.On != "" && s.since > 0 && s.since < now {
		w.For = time.Duration(now - s.since)
	}
	return w
}

func (r *reader) parked(s *seen) stacks.Wait {
	switch s.reason {
	case waitIO:
		return r.descriptor(s)
	case waitNilChannel:
		return stacks.Wait{On: "channel", Name: "nil channel"}
	case waitSelectNone:
		return stacks.Wait{On: "select", Name: "no cases"}
	case waitChannel:
		return r.channel(s)
	case waitSelect:
		return stacks.Wait{On: either(s.on, "select")}
	case waitSleep:
		return stacks.Wait{On: "sleep"}
	case waitCond:
		return stacks.Wait{On: either(s.on, "condition")}
	case waitMutex, waitRWMutexRead, waitRWMutexWrite, waitGroup, waitSemaphore:
		return r.semaphore(s)
	}
	return stacks.Wait{}
}

func either(first, second string) string {
	if first != "" {
		return first
	}
	return second
}

func (r *reader) descriptor(s *seen) stacks.Wait {
	w := stacks.Wait{On: "socket", FD: -1}
	if s.file {
		w.On = "pipe"
	}
	if !isPolled(s, s.poller) {
		r.slots.forgetFrame(r.pollerCall(s))
		return w
	}
	if fd := binary.LittleEndian.Uint64(s.poller[pollerFD:]); fd < 1<<31 {
		w.FD = int(fd)
	}
	return w
}

// channel tells also whether the channel is that of a timer, as time.After and a Ticker have.
func (r *reader) channel(s *seen) stacks.Wait {
	w := stacks.Wait{On: either(s.on, "channel")}
	l := r.program.layout
	if binary.LittleEndian.Uint64(s.sudog[sudogG:]) != s.at {
		return w
	}
	w.Object = binary.LittleEndian.Uint64(s.sudog[l.channel:])
	var b [8]byte
	if l.timer > 0 && r.process.Memory(w.Object+uint64(l.timer), b[:]) == nil && binary.LittleEndian.Uint64(b[:]) != 0 {
		w.On = "sleep"
	}
	w.Name = r.names.at(w.Object)
	return w
}

// Where the semaphores lie in what they are of: src/sync/mutex.go, rwmutex.go, waitgroup.go.
const (
	mutexSemaphore     = 4
	rwmutexSemaphore   = 8  // writers wait for the readers that are inside
	rwmutexReaders     = 12 // readers wait for the writer
	waitGroupSemaphore = 8
)

// semaphore is the wait for what is made of one: a mutex, a wait group.
func (r *reader) semaphore(s *seen) stacks.Wait {
	var w stacks.Wait
	var within uint64
	switch s.reason {
	case waitMutex:
		w.On, within = "lock", mutexSemaphore // also the mutex in a RWMutex, which is its first field
	case waitRWMutexRead:
		w.On, within = "lock", rwmutexReaders
	case waitRWMutexWrite:
		w.On, within = "lock", rwmutexSemaphore
	case waitGroup:
		w.On, within = "wait group", waitGroupSemaphore
	default:
		w.On = either(s.on, "semaphore")
		if w.On == "wait group" { // before Go 1.24
			within = waitGroupSemaphore
		}
	}
	if s.on == "pool" {
		w.On = s.on
	}
	if !r.isQueued(s, s.sudog) {
		r.slots.forgetFrame(s.call("runtime.semacquire1"))
		return w
	}
	w.Object = binary.LittleEndian.Uint64(s.sudog[r.program.layout.element:]) - within
	w.Name = r.names.at(w.Object)
	return w
}
