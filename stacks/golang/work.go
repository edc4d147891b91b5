package golang

import (
	"encoding/binary"

	"github.com/hangtime-dev/hangtime/stacks"
)

// work tells of a goroutine what is known. What it serves is read as long as the budget lasts, and in the next look else.
func (r *reader) work(s *seen, now int64, left budget) stacks.Work {
	w := stacks.Work{
		Kind: "goroutine", ID: s.id, Name: printed(s.began), Frames: s.frames, Pool: s.pool,
		Idle: s.idle && s.mayBeIdle(), Wait: r.wait(s, now),
	}
	if s.status == running || s.status == inSyscall {
		w.TID = r.thread(s.machine)
	}
	if s.pool && !w.Idle && !left.spent() {
		w.Request = r.request(s)
	}
	return w
}

// mayBeIdle tells whether it waits for something to come, rather than for its turn. os/signal waits in a system call.
func (g goroutine) mayBeIdle() bool {
	switch g.status {
	case inSyscall:
		return true
	case waiting:
		return g.reason == waitIO || g.reason == waitChannel || g.reason == waitSelect || g.reason == waitCond ||
			g.reason == waitSleep || g.reason == waitSelectNone
	}
	return false
}

// thread is the kernel's id of the thread that an m is.
func (r *reader) thread(m uint64) int {
	var b [8]byte
	if m == 0 || r.process.Memory(m+uint64(r.program.layout.procID), b[:]) != nil {
		return 0
	}
	id := binary.LittleEndian.Uint64(b[:])
	if id == 0 || id >= 1<<22 { // PID_MAX_LIMIT
		return 0
	}
	return r.threads.Of(int(id))
}

// forget drops what was kept of goroutines that ended.
func (r *reader) forget(work []stacks.Work) {
	if len(r.served) <= 2*len(work) {
		return
	}
	lives := make(map[uint64]bool, len(work))
	for i := range work {
		lives[work[i].ID] = true
	}
	for id := range r.served {
		if !lives[id] {
			delete(r.served, id)
		}
	}
}
