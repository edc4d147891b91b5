// Package waits says what a thread that stands still waits for: which lock, pipe, file, socket, child or terminal is behind its system call, who has it, and what that one does
// itself. It also says whether the wait is proven to be one for work. It reads, and changes nothing; whether anything hangs it does not judge.
package waits

import (
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/kernel/memory"
	"github.com/hangtime-dev/hangtime/kernel/proc"
)

// A Subject is a thread that stands still.
type Subject struct {
	PID, TID int
	Call     proc.Call
	State    byte     // R S D T …
	Wchan    string   // where in the kernel it sleeps; may be empty
	Stack    []string // the same with its callers, top first; may be empty
	Threads  []int    // all threads of its process
	Parks    bool     // its runtime parks threads that have nothing to do in futex(2), as Go's does
}

// A Server is what a thread may belong to: that its wait is one for work depends on it.
type Server struct {
	Arbiter int
	Workers []int
	// Listening are the inodes of the server's listening sockets, Ports its TCP ports, Names its unix sockets.
	Listening map[uint32]bool
	Ports     map[uint16]bool
	Names     map[string]bool
	// Clients are the connections that the thread's process has accepted.
	Clients map[uint32]bool
}

// An Answer is what was found. The zero Answer says nothing.
type Answer struct {
	Event history.Event // one of history's waits; nil: none, or it cannot be seen
	Idle  bool          // proven to wait for work
	For   string        // what an idle one waits for, as in history.ThreadSample; "parked": by its call it may be idle or not
	Words string        // the call's arguments, for a person
}

// A Finder finds what is behind calls. One goroutine may use it.
type Finder struct {
	fs      proc.FS
	host    *host
	holders holders
	mounts  *mounts
}

// New prepares to find. netns is the server's network namespace as a path ("/proc/PID/ns/net"; empty: our own); trouble is told what could not be read, and why.
func New(fs proc.FS, netns string, trouble func(what string, err error)) *Finder {
	return &Finder{
		fs: fs, host: newHost(fs, netns, trouble), mounts: newMounts(fs),
		holders: holders{fs: fs, known: map[holderKey]foundHolders{}},
	}
}

// Close gives back what the Finder has open.
func (f *Finder) Close() { f.host.close() }

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
			a.Event = f.disk(s, -1, "")
		}
		return a
	}
	if kind := c.FileLockWait(); kind != "" {
		a.Event = f.lock(s, kind)
		return a
	}
	switch name := c.Name(); {
	case name == "accept" || name == "accept4":
		a.Idle, a.For = true, forConnections
	case name == "futex" || name == "futex_waitv":
		f.futex(&a, s)
	case name == "wait4" || name == "waitid":
		f.child(&a, s, server)
	case name == "semop" || name == "semtimedop":
		a.Event = f.semaphore(s)
	case isSet(name):
		f.set(&a, s, server)
	case proc.TakesPath(name):
		f.path(&a, s)
	case proc.TakesDescriptor(name):
		f.descriptor(&a, s, c.FD(), server)
	}
	return a
}

// What idle threads wait for.
const (
	forConnections = "connections"
	forEvents      = "events"
	forParent      = "parent"
	forParked      = "parked"
	forWorkers     = "workers"        // the process that does its work
	forOther       = "something else" // a process with one thread and a client waits for neither that client nor others: it is at its work
)

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
		}
	case ofFile:
		if m.link != "" && !strings.HasPrefix(m.link, "/dev/") && !strings.HasPrefix(m.link, "/memfd:") && !strings.HasPrefix(m.link, "anon_inode:") {
			a.Event = f.disk(s, fd, strings.TrimSuffix(m.link, " (deleted)"))
		}
	default:
		a.Event = f.event(s, m, op, 0, server)
	}
}

// writes says whether a call hands bytes over rather than taking some.
func writes(name string) bool {
	switch name {
	case "write", "writev", "pwrite64", "pwritev", "sendfile", "splice", "sendto", "sendmsg", "sendmmsg":
		return true
	}
	return false
}

// words tells the arguments of a call to a person.
func (f *Finder) words(pid int, c proc.Call) string {
	name := c.Name()
	if c.Running || c.None || !proc.TakesDescriptor(name) {
		return ""
	}
	fd := c.FD() // of sendfile the side that may be full
	text := strconv.Itoa(fd)
	if link, err := f.fs.Link(pid, fd); err == nil {
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

// path tells what a call that is given a path waits for: a FIFO that nobody has opened at its other end, or a file system. Which of them the kernel's own frames say: to ask the file
// system what the path leads to would be to wait for it as well.
func (f *Finder) path(a *Answer, s Subject) {
	path := pathArgument(s)
	for _, frame := range append([]string{s.Wchan}, s.Stack...) {
		if strings.Contains(frame, "fifo_open") || strings.Contains(frame, "wait_for_partner") {
			a.Event = fifo(s, path)
			return
		}
	}
	a.Event = f.disk(s, -1, path)
}

// fifo is a thread in open(2) of a FIFO, which returns when somebody opens its other end (fifo(7)).
func fifo(s Subject, path string) history.Event {
	flags := s.Call.Args[2]
	if s.Call.Name() == "open" {
		flags = s.Call.Args[1]
	}
	wait := history.PipeWait{PID: s.PID, TID: s.TID, FD: -1, Op: "read", Fill: -1, Size: -1, Open: true, Path: path}
	if flags&unix.O_ACCMODE == unix.O_WRONLY {
		wait.Op = "write"
	}
	return wait
}

// pathArgument reads the path that the call was given; empty: it cannot be read, or is relative to a folder.
func pathArgument(s Subject) string {
	buf := make([]byte, 4096)
	address := s.Call.Args[proc.PathArgument(s.Call.Name())]
	err := memory.Read(s.PID, address, buf)
	if err != nil { // a string near the end of its mapping
		buf = buf[:4096-address%4096]
		err = memory.Read(s.PID, address, buf)
	}
	text, _, found := strings.Cut(string(buf), "\x00")
	if err != nil || !found || !strings.HasPrefix(text, "/") {
		return ""
	}
	return text
}
