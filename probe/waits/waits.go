// Package waits says what a thread that stands still waits for: which lock, pipe, file, socket, child or terminal is
// behind its system call, who has it, and what that one does itself. It also says whether the wait is proven to be one
// for work. It reads, and changes nothing; whether anything hangs it does not judge.
package waits

import (
	"strconv"
	"strings"

	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/kernel/proc"
)

// Behind finds what a thread waits for.
func (f *Finder) Behind(s Subject, server Server) Answer {
	f.host.near = append(append(f.host.near[:0], server.Arbiter), server.Workers...)
	c := s.Call
	if c.Running {
		return Answer{}
	}
	a := Answer{Words: f.words(s.PID, c)}
	if c.None {
		if s.State == 'D' {
			a.Event = f.files.behind(s, -1, "")
		}
		return a
	}
	if kind := c.FileLockWait(); kind != "" {
		a.Event = f.locks.behind(s, kind)
		return a
	}
	switch name := c.Name(); {
	case name == "accept" || name == "accept4":
		a.Idle, a.For, a.Only = true, forConnections, true
	case name == "futex" || name == "futex_waitv":
		f.futexes.behind(&a, s)
	case name == "wait4" || name == "waitid":
		f.children.ended(&a, s, server)
	case starts(s):
		a.Event = f.children.started(s)
	case name == "mq_timedreceive" || name == "mq_timedsend": // a message queue, which is in no file system that is mounted
	case name == "semop" || name == "semtimedop":
		a.Event = f.host.semaphore(s)
	case name == "nanosleep" || name == "clock_nanosleep":
		a.Event = f.locks.polled(s)
	case isSet(name):
		f.set(&a, s, server)
	case proc.TakesPath(name):
		f.files.path(&a, s)
	case proc.TakesDescriptor(name):
		f.descriptor(&a, s, c.FD(), server)
	}
	return a
}

// Child is a thread that waits for the end of a child by its language's account, whatever its system call is: its runtime
// looks after the children by itself. pid 0: it does not say for which. Nil: that is not known.
func (f *Finder) Child(s Subject, pid int, server Server) history.Event {
	return f.children.said(s, pid, server)
}

// descriptor tells by what the descriptor leads to.
func (f *Finder) descriptor(a *Answer, s Subject, fd int, server Server) {
	m := f.host.member(s.PID, fd, "", server)
	op := "read"
	if writes(s.Call.Name()) {
		op = "write"
	}
	switch m.kind {
	case ofListener:
		a.Idle, a.For = true, forConnections
	case ofParent:
		if op == "read" {
			a.Idle, a.For = true, forParent
			return
		}
		a.Event = f.event(s, m, op, 0, server)
	case ofWakeUp, ofTimer:
		if op == "read" {
			a.Idle, a.For = true, forEvents
			return
		}
		a.Event = f.event(s, m, op, 0, server) // a pipe that is full
	case ofFile:
		if m.link != "" && !startsWithAny(m.link, "/dev/", "/memfd:", "anon_inode:") {
			a.Event = f.files.behind(s, fd, strings.TrimSuffix(m.link, " (deleted)"))
		}
	default:
		a.Event = f.event(s, m, op, 0, server)
	}
}

// words tells the arguments of a call to a person.
func (f *Finder) words(pid int, c proc.Call) string {
	name := c.Name()
	if c.Running || c.None || !proc.TakesDescriptor(name) {
		return ""
	}
	fd := c.FD() // of sendfile the side that may be full
	text := strconv.Itoa(fd)
	if link, err := f.fs.Descriptor(pid, fd).Link(); err == nil {
		text += " → " + link
	}
	switch c.FileLockWait() {
	case "flock":
		text += ", " + proc.FlockOperation(c.Args[1])
	case "fcntl":
		text += ", F_SETLKW"
	case "ofd":
		text += ", F_OFD_SETLKW"
	}
	return text
}
