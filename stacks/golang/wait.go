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

// A target is what a goroutine waits for: a sudog in the queue of a channel or a semaphore, or the poller of a descriptor.
type target struct {
	at     uint64
	memory []byte            // what is there
	call   *call             // whose frame has the address, where the g does not have it
	proves func([]byte) bool // that it is what the goroutine waits for
}

// good tells whether there is a target, and it is the right one.
func (t *target) good() bool { return t.at != 0 && t.proves(t.memory) }

// follow reads what the goroutines wait for.
func (r *reader) follow(all []seen, left budget) {
	size := max(r.program.layout.sudogSize(), pollerSize)
	memory := make([]byte, len(all)*size) // not r.room: it has the stacks
	pieces := make([]piece, 0, len(all))
	for i := range all {
		s := &all[i]
		if !r.aim(s) {
			continue
		}
		s.target.memory, memory = memory[:size], memory[size:]
		if s.target.at == 0 && s.target.call != nil {
			s.target.at = r.slots.guess(s.target.call.pc, s.target.call.bytes(s.stack))
		}
		if s.target.at != 0 {
			pieces = append(pieces, piece{at: s.target.at, into: s.target.memory})
		}
	}
	gather(r.process.Memory, pieces, r.buffer)
	for i := range all {
		if t := &all[i].target; t.call != nil && !t.good() && !left.spent() {
			t.at = r.slots.learn(t.call.pc, t.call.bytes(all[i].stack), func(at uint64) bool {
				return r.process.Memory(at, t.memory) == nil && t.proves(t.memory)
			})
			if t.at != 0 && r.process.Memory(t.at, t.memory) != nil {
				t.at = 0
			}
		}
	}
}

// aim says where the goroutine's target is, and whether it has one. Up to Go 1.24 g.waiting says nothing of
// semaphores: the frame of runtime.semacquire1 has the sudog. The poller is in the frame of what waits for it.
func (r *reader) aim(s *seen) bool {
	if s.status != waiting && s.status != leaked {
		return false
	}
	switch s.reason {
	case waitIO:
		s.target = target{call: s.call("internal/poll.runtime_pollWait"), proves: s.polled}
	case waitChannel:
		s.target = target{at: s.waiting, proves: func(b []byte) bool { return word(b, sudogG) == s.at }}
	case waitSemaphore, waitMutex, waitRWMutexRead, waitRWMutexWrite, waitGroup:
		l := r.program.layout
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

func word(b []byte, offset int) uint64 { return binary.LittleEndian.Uint64(b[offset:]) }

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
		if w, ok := r.upstream(s); ok {
			return w
		}
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
	if !s.target.good() {
		return w
	}
	if fd := word(s.target.memory, pollerFD); fd < 1<<31 {
		w.FD = int(fd)
	}
	return w
}

// channel tells also whether the channel is that of a timer, as time.After and a Ticker have.
func (r *reader) channel(s *seen) stacks.Wait {
	w := stacks.Wait{On: either(s.on, "channel")}
	l := r.program.layout
	if !s.target.good() {
		return w
	}
	w.Object = word(s.target.memory, l.channel)
	if r.isTimer(w.Object) {
		w.On = "sleep"
	}
	w.Name = r.names.at(w.Object)
	return w
}

// isTimer tells whether a channel is that of a timer: many may wait for one channel.
func (r *reader) isTimer(channel uint64) bool {
	is, known := r.timers[channel]
	if l := r.program.layout; !known && l.timer > 0 {
		var b [8]byte
		is = r.process.Memory(channel+uint64(l.timer), b[:]) == nil && word(b[:], 0) != 0
		r.timers[channel] = is
	}
	return is
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
	if !s.target.good() {
		return w
	}
	w.Object = word(s.target.memory, r.program.layout.element) - within
	w.Name = r.names.at(w.Object)
	return w
}
