package golang

import (
	"time"

	"github.com/hangtime-dev/hangtime/stacks"
)

// A waitReader tells what goroutines wait for.
type waitReader struct {
	memory func(uint64, []byte) error
	layout layout
	slots  slots
	names  *variables
	timers map[uint64]bool // whether a channel is that of a timer, in this look
}

// of is what a goroutine waits for.
func (r *waitReader) of(s *seen, now int64) stacks.Wait {
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

func (r *waitReader) parked(s *seen) stacks.Wait {
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
		if w, ok := upstream(r.memory, r.slots, s); ok {
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

func (r *waitReader) descriptor(s *seen) stacks.Wait {
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
func (r *waitReader) channel(s *seen) stacks.Wait {
	w := stacks.Wait{On: either(s.on, "channel")}
	l := r.layout
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
func (r *waitReader) isTimer(channel uint64) bool {
	is, known := r.timers[channel]
	if l := r.layout; !known && l.timer > 0 {
		var b [8]byte
		is = r.memory(channel+uint64(l.timer), b[:]) == nil && word(b[:], 0) != 0
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
func (r *waitReader) semaphore(s *seen) stacks.Wait {
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
	w.Object = word(s.target.memory, r.layout.element) - within
	w.Name = r.names.at(w.Object)
	return w
}
