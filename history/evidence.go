package history

import "time"

// The events of this file are the other side of a system call in which a thread of a suspected worker stands still: what it waits for, and who has it.
// A ThreadSample of the same thread comes before or with each; like it they are repeated as long as the suspicion lasts.

// Peer is a process at the other end of something.
type Peer struct {
	PID     int    `json:"pid"`
	Command string `json:"command"`
}

// MutexWait is a thread that waits for a lock inside its process.
type MutexWait struct {
	PID     int           `json:"pid"`
	TID     int           `json:"tid"`
	Address uint64        `json:"address"` // of the futex word
	Owner   int           `json:"owner"`   // the thread that holds it; 0: not known (only glibc's mutexes say, other futexes do not)
	Still   time.Duration `json:"still"`
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
}

// DiskWait is a thread that waits for a file system.
type DiskWait struct {
	PID     int           `json:"pid"`
	TID     int           `json:"tid"`
	Op      string        `json:"op"` // its system call
	Path    string        `json:"path"`
	Mount   string        `json:"mount"`
	Type    string        `json:"type"` // "ext4", "fuse.sshfs", "nfs4"
	Source  string        `json:"source,omitempty"`
	Frozen  bool          `json:"frozen"` // it waits in percpu_rwsem_wait: the file system is frozen (FIFREEZE), and not even SIGKILL ends the wait
	Servers []Peer        `json:"servers,omitempty"`
	Still   time.Duration `json:"still"`
}

// SocketWait is a thread that waits for a socket.
type SocketWait struct {
	PID    int           `json:"pid"`
	TID    int           `json:"tid"`
	FD     int           `json:"fd"`
	Op     string        `json:"op"`     // its system call: recvfrom, connect, poll, sendto
	Family string        `json:"family"` // tcp, udp, unix
	Local  string        `json:"local"`
	Remote string        `json:"remote"` // empty where it is not connected
	State  string        `json:"state"`  // as ss(8) writes it: ESTAB, SYN-SENT, CLOSE-WAIT
	Client bool          `json:"client"` // it was accepted on the server's own port: the other side is a client
	Peers  []Peer        `json:"peers"`  // the process at the other end, where it is on this machine
	Silent time.Duration `json:"silent"` // since the other side last sent anything; -1: it never did, or it is not known
	Still  time.Duration `json:"still"`
}

// Stack is what a thread of a language runtime is doing, in that language's words.
type Stack struct {
	PID      int      `json:"pid"`
	TID      int      `json:"tid"`
	Language string   `json:"language"` // "python", "go"
	Frames   []string `json:"frames"`   // innermost first: "emit (logging/__init__.py:1113)"
	Holds    bool     `json:"holds"`    // it holds the interpreter's lock (GIL)
}

// Descriptors is how many files a worker has open, recorded when it is under suspicion, or near its limit.
type Descriptors struct {
	PID   int `json:"pid"`
	Open  int `json:"open"`
	Limit int `json:"limit"` // soft RLIMIT_NOFILE
}

// Cgroup is the limits under which a worker runs and what they cost it, once a second and when it changes. Counters grow since the group was made.
type Cgroup struct {
	PID          int           `json:"pid"`
	Path         string        `json:"path"`
	Quota        float64       `json:"quota"` // processors; 0: no limit
	Periods      uint64        `json:"periods"`
	Throttled    uint64        `json:"throttled"`     // of these, in how many it was out of quota
	ThrottledFor time.Duration `json:"throttled_for"` //
	Memory       uint64        `json:"memory"`        // bytes
	MemoryLimit  uint64        `json:"memory_limit"`  // bytes; 0: no limit
	UnderOOM     bool          `json:"under_oom"`     // over its limit with the killer off: its tasks sleep until there is memory
	OOMKills     uint64        `json:"oom_kills"`     //
	Frozen       bool          `json:"frozen"`        // by the freezer
}

// Overflow is how many connections the kernel has dropped because a listening socket's queue was full (ListenOverflows in /proc/net/netstat: of all listeners
// of the network namespace), recorded when watching begins, as what later ones are compared with, and when it grows.
type Overflow struct {
	Dropped uint64 `json:"dropped"`
}

// SignalSeen is a signal on its way to a worker, with its sender, where the system tells (tracefs).
type SignalSeen struct {
	PID    int    `json:"pid"` // of the worker
	Signal string `json:"signal"`
	Sender Peer   `json:"sender"` // pid 0: the kernel
	Why    string `json:"why,omitempty"`
}

func (MutexWait) kind() string   { return "mutex-wait" }
func (PipeWait) kind() string    { return "pipe-wait" }
func (DiskWait) kind() string    { return "disk-wait" }
func (SocketWait) kind() string  { return "socket-wait" }
func (Stack) kind() string       { return "stack" }
func (Descriptors) kind() string { return "descriptors" }
func (Cgroup) kind() string      { return "cgroup" }
func (Overflow) kind() string    { return "overflow" }
func (SignalSeen) kind() string  { return "signal-seen" }
