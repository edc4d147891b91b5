package history

import "time"

// The events of this file are the other side of a system call in which a thread of a suspected worker stands still:
// what it waits for, and who has it. A ThreadSample of the same thread comes before or with each; like it they are
// repeated as long as the suspicion lasts.

// Peer is a process at the other end of something.
type Peer struct {
	PID     int    `json:"pid"`
	Command string `json:"command"`
}

// MutexWait is a thread that waits for a lock inside its process.
type MutexWait struct {
	PID     int    `json:"pid"`
	TID     int    `json:"tid"`
	Address uint64 `json:"address"`           // of the futex word
	Between bool   `json:"between,omitempty"` // it is a lock between processes (not FUTEX_PRIVATE)
	// The thread that holds it; 0: not known (only glibc's mutexes say, other futexes do not).
	Owner int           `json:"owner"`
	Still time.Duration `json:"still"`
	// The process of that thread, of a lock that processes share in their memory; pid 0: it is the waiting one's own, or
	// not known.
	Holder Peer `json:"holder,omitzero"`
	Dead   bool `json:"dead,omitempty"` // that process is no more: its pid is the thread's number
}

// PipeWait is a thread that waits for a pipe or FIFO.
type PipeWait struct {
	PID    int           `json:"pid"`
	TID    int           `json:"tid"`
	FD     int           `json:"fd"`
	Op     string        `json:"op"` // "write" to a full one, "read" from an empty one
	Inode  uint64        `json:"inode"`
	Fill   int           `json:"fill"`   // bytes in it (FIONREAD); -1: not known
	Size   int           `json:"size"`   // bytes that it holds (F_GETPIPE_SZ); -1: not known
	Others []Peer        `json:"others"` // who has the other end open: who should read, or write; empty: nobody
	Still  time.Duration `json:"still"`
	// Descriptors that it waits for beside this one (poll, select, epoll), its own wake-ups not counted.
	More int `json:"more,omitempty"`
	// It is in open(2) of a FIFO, which waits until somebody opens the other end.
	Open bool   `json:"open,omitempty"`
	Path string `json:"path,omitempty"` // of a FIFO
}

// DiskWait is a thread that waits for a file system.
type DiskWait struct {
	PID    int    `json:"pid"`
	TID    int    `json:"tid"`
	Op     string `json:"op"` // its system call
	Path   string `json:"path"`
	Mount  string `json:"mount"`
	Type   string `json:"type"` // "ext4", "fuse.sshfs", "nfs4"
	Source string `json:"source,omitempty"`
	// It waits in percpu_rwsem_wait: the file system is frozen (FIFREEZE), and not even SIGKILL ends the wait.
	Frozen  bool          `json:"frozen"`
	Servers []Peer        `json:"servers,omitempty"`
	Still   time.Duration `json:"still"`
}

// SocketWait is a thread that waits for a socket.
type SocketWait struct {
	PID    int           `json:"pid"`
	TID    int           `json:"tid"`
	FD     int           `json:"fd"`
	Inode  uint32        `json:"inode,omitempty"` // of the socket: another connection at the same descriptor has another
	Op     string        `json:"op"`              // its system call: recvfrom, connect, poll, sendto
	Family string        `json:"family"`          // tcp, udp, unix
	Local  string        `json:"local"`
	Remote string        `json:"remote"` // empty where it is not connected
	State  string        `json:"state"`  // as ss(8) writes it: ESTAB, SYN-SENT, CLOSE-WAIT
	Client bool          `json:"client"` // it was accepted on the server's own port: the other side is a client
	Peers  []Peer        `json:"peers"`  // the process at the other end, where it is on this machine
	Silent time.Duration `json:"silent"` // since the other side last sent anything; -1: it never did, or it is not known
	Still  time.Duration `json:"still"`
	More   int           `json:"more,omitempty"` // as of PipeWait
	// Bytes that were sent and that the other side has not taken: TCP's queue, or a full unix socket.
	Unread int           `json:"unread,omitempty"`
	Full   bool          `json:"full,omitempty"`  // it waits to send: the other side does not read
	Own    bool          `json:"own,omitempty"`   // the other end is the server's own port: it asks itself
	Asked  time.Duration `json:"asked,omitempty"` // since it last sent something there; 0: it is not known
	// What the process at the other end says of itself in its title: "postgres: app shop [local] SELECT waiting".
	Does string `json:"does,omitempty"`
}

// ChildWait is a thread that waits for a process that it, or its worker, started: for its end, for what it writes, or that it
// begins its program.
type ChildWait struct {
	PID   int           `json:"pid"`
	TID   int           `json:"tid"`
	Op    string        `json:"op"`  // its system call
	Via   string        `json:"via"` // "end": it waits for its end; "pipe": for its output, or that it reads; "start": vfork(2)
	Child Peer          `json:"child"`
	Still time.Duration `json:"still"`
}

// TerminalWait is a thread that reads from a terminal, or writes to one that is stopped.
type TerminalWait struct {
	PID   int           `json:"pid"`
	TID   int           `json:"tid"`
	FD    int           `json:"fd"`
	Op    string        `json:"op"`   // "read" or "write"
	Path  string        `json:"path"` // "/dev/pts/3"
	Still time.Duration `json:"still"`
}

// SemaphoreWait is a thread that waits for a semaphore of System V (semop(2)).
type SemaphoreWait struct {
	PID   int           `json:"pid"`
	TID   int           `json:"tid"`
	ID    int           `json:"id"`
	Last  Peer          `json:"last"` // who last changed it (semctl(2), GETPID); pid 0: not known
	Dead  bool          `json:"dead,omitempty"`
	Still time.Duration `json:"still"`
}

// Chain is what the process that a thread waits for does itself, and so on: it follows the wait of that thread.
type Chain struct {
	PID   int    `json:"pid"`
	TID   int    `json:"tid"`
	Links []Link `json:"links"` // the nearest first
}

// Link is one process that another one waits for, and what it waits for in its turn.
type Link struct {
	Peer
	// "write on a full pipe that pid 12 should read", "computes", "clock_nanosleep".
	Does string        `json:"does"`
	For  time.Duration `json:"for,omitempty"`  // since when; 0: it is not known
	Ends bool          `json:"ends,omitempty"` // it comes back to the process where the chain began: it never ends by itself
	// Of one that ends so: it writes to a full pipe that nobody else has open to read.
	Sole bool   `json:"sole,omitempty"`
	Dead bool   `json:"dead,omitempty"` // it is no more
	Idle bool   `json:"idle,omitempty"` // it waits for something to do
	At   string `json:"at,omitempty"`   // where in its own code, where that could be read
	// It was started by the one that waits for it: what it does, it does for that one.
	Child   bool     `json:"child,omitempty"`
	Lost    bool     `json:"lost,omitempty"`    // of a child: it waits for a lock that was taken before the fork, so that it never ends
	Stack   []string `json:"stack,omitempty"`   // its main thread's, innermost first, where it could be read
	Request *Request `json:"request,omitempty"` // what it works on
}

// Upstream is the servers that a worker has asked and that have not answered, recorded while it is under suspicion
// and its own threads wait for events.
type Upstream struct {
	PID   int          `json:"pid"`
	Waits []Unanswered `json:"waits"` // the one with the most first; at most 8
	// Of a process that listens nowhere: its connections on which the other side spoke last, at most 16.
	Owed []Owed `json:"owed,omitempty"`
}

// Owed is a connection on which an answer is outstanding, or a message was not answered because none is due.
type Owed struct {
	Port int           `json:"port"` // the other side's
	Age  time.Duration `json:"age"`  // since that last sent, in steps of 4 ms
}

// Unanswered is how many connections of a worker to one server wait for its answer.
type Unanswered struct {
	Remote string        `json:"remote"`
	Count  int           `json:"count"`
	Oldest time.Duration `json:"oldest"` // since the last byte was sent there, of the oldest of them; 0: it is not known
	Peers  []Peer        `json:"peers,omitempty"`
}

// Halted is a process beside the workers that is stopped although the server needs it; it is recorded each second while
// that lasts.
type Halted struct {
	Peer
	Asks   int    `json:"asks,omitempty"`   // pid of the arbiter, or of a worker, that waits for an answer of it; 0: it is the arbiter
	Remote string `json:"remote,omitempty"` // where that waits
	Over   bool   `json:"over,omitempty"`   // it goes on, or is gone
}

// Looked ends the look at one worker: all evidence of one moment lies between its WorkerSample and this, and is
// judged together.
type Looked struct {
	PID int `json:"pid"`
	// What it says of itself, where it has written a title: "postgres: app shop [local] UPDATE waiting".
	Title string `json:"title,omitempty"`
}

// Unseen is what may not be read of a worker, or of the server (pid 0), and what would allow it. Where it hides
// whether a worker works, nobody can call it healthy.
type Unseen struct {
	PID    int    `json:"pid"`
	What   string `json:"what"`             // "the stacks of its Python threads"
	Allow  string `json:"allow,omitempty"`  // "run hangtime as root"
	Hides  bool   `json:"hides,omitempty"`  // without it a hang may go unseen
	Reason string `json:"reason,omitempty"` // the error
}

// Stack is what a thread, or a piece of work that no thread runs now, is doing, in the words of its language.
type Stack struct {
	PID      int      `json:"pid"`
	TID      int      `json:"tid"`      // 0: a task, greenlet or goroutine that no thread runs
	Language string   `json:"language"` // "python", "go"
	Frames   []string `json:"frames"`   // innermost first: "emit (logging/__init__.py:1113)"
	Holds    bool     `json:"holds"`    // it holds the interpreter's lock (GIL)

	Kind string `json:"kind,omitempty"` // "thread" or empty, "task", "greenlet", "goroutine", "fiber"
	ID   uint64 `json:"id,omitempty"`   // its name in its runtime
	Name string `json:"name,omitempty"`
	// How many are at the same place and wait for the same, this one included; 0: 1.
	Count int `json:"count,omitempty"`
	// Place in Frames of the first frame that is the application's, from 1; 0: none is.
	Own int `json:"own,omitempty"`
	StackRole
	Wait    *Wait    `json:"wait,omitempty"`    // what it waits for, as its runtime has it
	Request *Request `json:"request,omitempty"` // what it works on
	Main    bool     `json:"main,omitempty"`    // it is what the program began with, on whatever thread
	// Script says that the application's own code is not called by any library's: it is the program's own course.
	Script bool          `json:"script,omitempty"`
	For    time.Duration `json:"for,omitempty"` // since when it waits, where its runtime says so
}

// A StackRole is what a stack is there for in its process, as far as its code says so.
type StackRole struct {
	Idle   bool `json:"idle,omitempty"`   // proven to wait for its next piece of work
	Pool   bool `json:"pool,omitempty"`   // it is one of a pool's
	Queued int  `json:"queued,omitempty"` // jobs that wait for a thread of its pool
	Boots  bool `json:"boots,omitempty"`  // it is the application's start, which must end before anybody is served
	Turn   bool `json:"turn,omitempty"`   // it is in a turn of the event loop of its thread: all else of that waits
	Helper bool `json:"helper,omitempty"` // its process serves the other processes of its own program
	Ends   bool `json:"ends,omitempty"`   // it ends its process and waits for what is left
}

// Wait is what a piece of work waits for, by its runtime's own account.
type Wait struct {
	On     string `json:"on"`               // "lock", "queue", "future", …
	Object uint64 `json:"object,omitempty"` // address of the thing: the same for all who wait for it
	Name   string `json:"name,omitempty"`   // what the application calls it
	Owner  uint64 `json:"owner,omitempty"`  // who holds it: a thread's tid, or the ID of a piece of work
	// Pid of the parent in which it was taken before the fork: nobody in this process can release it.
	Before int `json:"before,omitempty"`
}

// Request is a piece of work that somebody asked for. Never headers or bodies.
type Request struct {
	Method string `json:"method,omitempty"`
	Path   string `json:"path"`
	Query  string `json:"query,omitempty"`
	ID     string `json:"id,omitempty"`
	Port   int    `json:"port,omitempty"` // the client's
	// Since a byte of its answer was last sent; 0: none was, or it is not known.
	Spoke time.Duration `json:"spoke,omitempty"`
	For   time.Duration `json:"for,omitempty"` // how long it has been worked on, where the server itself says so
}

// QueueSetting is one of a task queue's worker, by its own memory, that loses tasks when a process dies, recorded once for
// each that was found.
type QueueSetting struct {
	PID    int      `json:"pid"`
	System string   `json:"system"`  // "celery", "rq"
	Off    string   `json:"setting"` // "acks_late", "reject_on_worker_lost", "retry"
	Tasks  []string `json:"tasks"`   // names of tasks that it is off for, the first five
	Of     int      `json:"of"`      // how many they are
}

// Descriptors is how many files a worker has open, recorded when it is under suspicion, or near its limit.
type Descriptors struct {
	PID   int `json:"pid"`
	Open  int `json:"open"`
	Limit int `json:"limit"` // soft RLIMIT_NOFILE
}

// Cgroup is the limits under which a worker runs and what they cost it, once a second and when it changes. Counters
// grow since the group was made.
type Cgroup struct {
	PID          int           `json:"pid"`
	Path         string        `json:"path"`
	Quota        float64       `json:"quota"` // processors; 0: no limit
	Periods      uint64        `json:"periods"`
	Throttled    uint64        `json:"throttled"`     // of these, in how many it was out of quota
	ThrottledFor time.Duration `json:"throttled_for"` //
	Memory       uint64        `json:"memory"`        // bytes
	MemoryLimit  uint64        `json:"memory_limit"`  // bytes; 0: no limit
	// Over its limit with the killer off: its tasks sleep until there is memory.
	UnderOOM bool   `json:"under_oom"`
	OOMKills uint64 `json:"oom_kills"` //
	Frozen   bool   `json:"frozen"`    // by the freezer
	// Path of the group that the freezer has it in, which in version 1 may be another than Path.
	FreezerPath string `json:"freezer_path,omitempty"`
}

// Overflow is how many connections the kernel has dropped because a listening socket's queue was full, recorded when it
// grows: of the server's own listeners since watching began. In older recordings it is that of all listeners of the
// network namespace since it was made, recorded when watching begins too, as what later ones are compared with.
type Overflow struct {
	Dropped uint64 `json:"dropped"`
	Own     bool   `json:"own,omitempty"`
}

// SignalSeen is a signal on its way to a worker, with its sender, where the system tells (tracefs).
type SignalSeen struct {
	PID    int    `json:"pid"` // of the worker
	Signal string `json:"signal"`
	Sender Peer   `json:"sender"` // pid 0: the kernel
	Why    string `json:"why,omitempty"`
}

func (MutexWait) kind() string     { return "mutex-wait" }
func (PipeWait) kind() string      { return "pipe-wait" }
func (DiskWait) kind() string      { return "disk-wait" }
func (SocketWait) kind() string    { return "socket-wait" }
func (ChildWait) kind() string     { return "child-wait" }
func (TerminalWait) kind() string  { return "terminal-wait" }
func (SemaphoreWait) kind() string { return "semaphore-wait" }
func (Chain) kind() string         { return "chain" }
func (Upstream) kind() string      { return "upstream" }
func (Halted) kind() string        { return "halted" }
func (Looked) kind() string        { return "looked" }
func (Unseen) kind() string        { return "unseen" }
func (Stack) kind() string         { return "stack" }
func (Descriptors) kind() string   { return "descriptors" }
func (Cgroup) kind() string        { return "cgroup" }
func (Overflow) kind() string      { return "overflow" }
func (QueueSetting) kind() string  { return "queue-setting" }
func (SignalSeen) kind() string    { return "signal-seen" }
