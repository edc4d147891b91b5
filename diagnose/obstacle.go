package diagnose

import (
	"fmt"
	"time"

	"github.com/hangtime-dev/hangtime/history"
)

// An obstacle is the last look at what a thread waits for: the other side of its system call.
type obstacle struct {
	event history.Event // LockWait, MutexWait, PipeWait, DiskWait or SocketWait
	pid   int           // whose thread it is in the way of
	tid   int
	call  string // the system call that such a wait is
	at    time.Duration
	seq   uint64
	still time.Duration
	from  time.Duration // since when
	same  string        // what makes two looks the same wait
}

// obstacleOf reads an event as an obstacle; nil: it is none.
func obstacleOf(r history.Record) *obstacle {
	o := &obstacle{event: r.Event, at: r.At, seq: r.Seq}
	switch ev := r.Event.(type) {
	case history.LockWait:
		o.pid, o.tid, o.call, o.still, o.same = ev.PID, ev.TID, ev.Lock, ev.Still, fmt.Sprint("lock ", ev.Device, ev.Inode)
	case history.MutexWait:
		o.pid, o.tid, o.call, o.still, o.same = ev.PID, ev.TID, "futex", ev.Still, fmt.Sprint("mutex ", ev.Address)
	case history.PipeWait:
		o.pid, o.tid, o.call, o.still, o.same = ev.PID, ev.TID, ev.Op, ev.Still, fmt.Sprint("pipe ", ev.Op, ev.Inode)
	case history.DiskWait:
		o.pid, o.tid, o.call, o.still, o.same = ev.PID, ev.TID, ev.Op, ev.Still, fmt.Sprint("disk ", ev.Mount)
	case history.SocketWait:
		o.pid, o.tid, o.call, o.still, o.same = ev.PID, ev.TID, ev.Op, ev.Still, fmt.Sprint("socket ", ev.FD, ev.Remote)
	case history.ChildWait:
		o.pid, o.tid, o.call, o.still, o.same = ev.PID, ev.TID, ev.Op, ev.Still, fmt.Sprint("child ", ev.Child.PID)
	case history.TerminalWait:
		o.pid, o.tid, o.call, o.still, o.same = ev.PID, ev.TID, ev.Op, ev.Still, fmt.Sprint("terminal ", ev.Path)
	case history.SemaphoreWait:
		o.pid, o.tid, o.call, o.still, o.same = ev.PID, ev.TID, "semop", ev.Still, fmt.Sprint("semaphore ", ev.ID)
	default:
		return nil
	}
	o.from = r.At - o.still
	return o
}

func eventOf(o *obstacle) history.Event {
	if o == nil {
		return nil
	}
	return o.event
}

// real says whether the thread is known to wait for something that others have, whatever its system call looks like: a
// futex may be an idle thread's, but one with an owner is not.
func (o *obstacle) real() bool {
	switch ev := o.event.(type) {
	case history.MutexWait:
		return ev.Owner != 0
	case history.LockWait:
		return !ev.Polled
	case history.SocketWait, history.PipeWait:
		return false // a loop may poll its sockets, a child of a pool reads its parent's pipe: the thread's own sample decides
	}
	return true
}

// shared says whether what it waits for is something that processes share: then even one of many threads that waits
// long is no slow answer.
func (o *obstacle) shared() bool {
	switch ev := o.event.(type) {
	case history.LockWait:
		return !ev.Polled
	case history.DiskWait, history.SemaphoreWait:
		return true
	case history.PipeWait:
		return ev.Op == "write" || ev.Open
	case history.MutexWait:
		return ev.Owner != 0
	}
	return false
}

// owed says whether it reads the connection of a client that has had its answer and owes the next request: so does each
// thread of a server that gives every connection one.
func (o *obstacle) owed() bool {
	ev, ok := o.event.(history.SocketWait)
	return ok && ev.Client && !ev.Full && ev.Silent >= 0 && ev.Asked > 0 && ev.Asked <= ev.Silent
}

// connection names that of a client at which the thread waits, or one so young that its ends are not known: the next
// client's is another piece of work. A server that is asked again is the same, whatever the connection.
func (o *obstacle) connection() string {
	if ev, ok := o.event.(history.SocketWait); ok && ev.Inode != 0 && (ev.Client || ev.Remote == "") {
		return fmt.Sprint("socket ", ev.Inode)
	}
	return ""
}

// askedAt is when the process sent what another server has not answered since, by the kernel's account; known is false
// where it waits for no such answer.
func (o *obstacle) askedAt() (at time.Duration, known bool) {
	if o == nil {
		return 0, false
	}
	ev, ok := o.event.(history.SocketWait)
	if !ok || ev.Client || ev.Remote == "" || ev.Asked <= 0 || ev.Silent >= 0 && ev.Silent <= ev.Asked {
		return 0, false
	}
	return o.at - ev.Asked, true
}

// foreign says whether what the thread waits for is outside of its process and its server, so that it is no way of
// waiting for work.
func (o *obstacle) foreign() bool {
	switch ev := o.event.(type) {
	case history.SocketWait:
		return ev.Remote != "" && !ev.Client
	case history.ChildWait, history.TerminalWait, history.DiskWait:
		return true
	case history.PipeWait:
		return ev.Op == "write"
	}
	return false
}

// outside says whether the thread waits for something that no other thread of its process does, whatever it is for.
func (o *obstacle) outside() bool {
	switch o.event.(type) {
	case history.PipeWait, history.LockWait, history.DiskWait, history.SemaphoreWait:
		return true
	}
	return o.foreign()
}

func waitsForClient(o *obstacle) bool {
	if o == nil {
		return false
	}
	ev, ok := o.event.(history.SocketWait)
	return ok && ev.Client
}
