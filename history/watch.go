package history

import "time"

// ServerStarted says that the server under test accepts connections.
type ServerStarted struct {
	Server  string        `json:"server"` // "reference", "command", "attach", "url"
	PID     int           `json:"pid"`    // its arbiter; 0: no process is known
	Address string        `json:"address"`
	Timeout time.Duration `json:"timeout,omitempty"` // after which its arbiter kills a silent worker; 0: never or not known

	// HangAfter is the age from which on work counts as a hang although nobody is seen to wait behind it; 0: nobody
	// has said, and the default holds.
	HangAfter time.Duration `json:"hang_after,omitempty"`
}

// SaidLine is the event of a line that a server wrote which is no event of the reference server: Fields has it as "text".
const SaidLine = "line"

// ServerSaid is a line of the server's own account: what it says happened, not what was seen.
type ServerSaid struct {
	Event  string            `json:"event"` // "worker-timeout", "worker-signalled", …
	Worker int               `json:"worker,omitempty"`
	PID    int               `json:"pid,omitempty"`
	Fields map[string]string `json:"fields,omitempty"`
}

// ServerStopped says that the server ended.
type ServerStopped struct {
	Code   int    `json:"code"`
	Signal string `json:"signal,omitempty"`
	Left   []int  `json:"left,omitempty"` // its processes that had to be killed after it
}

// WorkerSeen says that a worker process was found.
type WorkerSeen struct {
	PID    int           `json:"pid"`
	Worker int           `json:"worker"` // its place, from 1; a successor takes the place of the one that left
	Start  uint64        `json:"start"`  // field 22 of /proc/PID/stat, clock ticks since boot: with the pid, its identity
	Born   time.Duration `json:"born"`   // the same on the run's clock, may be negative
	Name   string        `json:"name"`
	// NoListener says that it has no listening socket of the server's and no connection accepted on one: the worker
	// of a queue, or one that has not come so far.
	NoListener bool `json:"no_listener,omitempty"`
}

// WorkerGone says that it is no more.
type WorkerGone struct {
	PID      int    `json:"pid"`
	Worker   int    `json:"worker"`
	Code     int    `json:"code"`             // exit status, where it exited
	Signal   string `json:"signal,omitempty"` // "SIGKILL", where it was killed
	By       string `json:"by,omitempty"`     // who sent it: "arbiter", "hangtime", "kernel (out of memory)"
	Unknown  bool   `json:"unknown,omitempty"`
	Inferred bool   `json:"inferred,omitempty"` // By (or the code) is concluded, not seen
}

// WorkerReleased says that it lives on and is no worker: the only process of a server, as it seemed, has started workers.
type WorkerReleased struct {
	PID    int `json:"pid"`
	Worker int `json:"worker"`
}

// WorkerSample is one worker at one tick of the probe.
//
// Moved and Still are about all its threads except housekeeping that is known to turn by itself (the sysmon thread of
// a Go program). So a worker whose loop beats while its handlers are stuck has Moved, and so has one that spins:
// Moved alone says neither that work gets done nor that it does not. What says so is the pair Inside/Oldest (a
// request is outstanding, and for how long) with Answered (grows when any answer leaves); which thread stands still
// is in ThreadSample.
//
// Inside and Oldest are read from the sockets, which count in steps of 4 ms; a request that could as well be answered
// already is not counted. A worker's connections are attributed to it when it has accepted them; those before that
// are in Listener.
type WorkerSample struct {
	PID    int    `json:"pid"`
	Worker int    `json:"worker"`
	State  string `json:"state"` // of its main thread, as in proc_pid_stat(5): R S D T t Z
	Usage
	Connections
	Moved    bool          `json:"moved"`    // some thread of it ran since the last sample
	Still    time.Duration `json:"still"`    // since when none ran
	Answered uint64        `json:"answered"` // bytes sent on its connections: grows when it answers
	Outstanding
	Tracer *Peer `json:"tracer,omitempty"` // in state t: who holds it with ptrace(2), such as a debugger
}

// A Usage is what a worker's process uses of the machine.
type Usage struct {
	CPU      time.Duration `json:"cpu"`       // used by all its threads since it was born
	RunDelay time.Duration `json:"run_delay"` // time its threads were ready and had no processor
	RSS      uint64        `json:"rss"`       // bytes
	Threads  int           `json:"threads"`   //
}

// Connections are how many a worker has accepted, by what they are at.
type Connections struct {
	Inside int           `json:"inside"` // connections that it accepted and that wait for an answer
	Oldest time.Duration `json:"oldest"` // age of the oldest of these
	Idle   int           `json:"idle"`   // accepted, kept alive, nothing asked
	Silent int           `json:"silent"` // accepted, and the client never sent a byte
}

// Outstanding is what is known of the connections that wait for an answer, one by one.
type Outstanding struct {
	// The clients' ports of the outstanding connections, the oldest first (at most 16).
	Ports []int `json:"ports,omitempty"`

	Ages []time.Duration `json:"ages,omitempty"` // how long each of Ports has waited for its answer
	// Since it last sent a byte on one of its connections, by the kernel's clock (TCP_INFO, steps of 4 ms); 0: it is
	// not known.
	Spoke time.Duration `json:"spoke,omitempty"`
	// LeastAge says that the ages are only those since the connections were first seen: the kernel keeps no times for
	// unix sockets.
	LeastAge bool `json:"least_age,omitempty"`
	// Of Idle, connections on which a request may be outstanding: it would have come in the step of the kernel's clock
	// in which the one before was answered. And since when, of the oldest.
	Doubtful    int           `json:"doubtful,omitempty"`
	DoubtfulFor time.Duration `json:"doubtful_for,omitempty"`
	Unread      int           `json:"unread,omitempty"` // of Inside, those of which bytes lie in the socket that it has not read
}

// ThreadSample is one thread of a worker that is under suspicion: a request older than 150 ms, a state of T or D, a
// loop that says itself it has been at one thing for 150 ms, or a wait for a file lock that lasted two ticks. It is
// recorded while the suspicion lasts, for every thread, 50 ms after the WorkerSample: at every tick, or every 300 ms
// where no thread of the worker ran since all were found standing; LockWait follows the ThreadSample of the thread that
// waits. When a worker's WorkerSample comes without them half a second long, the suspicion is over.
//
// Idle is proven, never assumed: the thread's wait is one in which its server waits for work, such as a set of
// descriptors that holds the listening socket (For says which). In recordings of format 1 it was a hint: true for
// each epoll, select, poll and accept, and for a futex in all but the main thread.
type ThreadSample struct {
	PID   int    `json:"pid"`
	TID   int    `json:"tid"`
	Name  string `json:"name"` // its comm
	State string `json:"state"`
	// It waits for work (epoll, select, accept, a futex of the runtime): no sign of a hang.
	Idle  bool          `json:"idle"`
	Still time.Duration `json:"still"`         // since it last ran
	Age   time.Duration `json:"age,omitempty"` // since it was made, to 10 ms
	// Of one that waits for connections: for new ones and for nothing else, so that others serve what it takes.
	Only bool `json:"only,omitempty"`
	// By name: "flock"; "running" when on a processor; empty when it may not be read.
	Syscall string   `json:"syscall,omitempty"`
	Args    string   `json:"args,omitempty"` // resolved for a person: "9 → /tmp/x/async_tasks.log, LOCK_EX"
	Wchan   string   `json:"wchan,omitempty"`
	Stack   []string `json:"stack,omitempty"` // kernel frames, top first
	Twice   bool     `json:"twice"`           // seen the same 50 ms apart, and it did not run between
	// What an idle thread waits for: "connections", "events", "parent", "parked".
	For string `json:"for,omitempty"`
}

// LockWait is a thread that waits for a file lock, with who holds it.
type LockWait struct {
	PID     int           `json:"pid"`
	TID     int           `json:"tid"`
	Lock    string        `json:"lock"` // flock, fcntl, ofd
	FD      int           `json:"fd"`   // -1: not known
	Path    string        `json:"path"`
	Device  string        `json:"device"` // "fe:00", hexadecimal, as /proc/locks has it
	Inode   uint64        `json:"inode"`
	Still   time.Duration `json:"still"`   // since the waiter last ran
	Holders []LockHolder  `json:"holders"` // true holders: processes with the locked open file
	// It is in a sleep while others have the lock of a file that its process has open: it may ask for that between sleeps.
	Polled bool `json:"polled,omitempty"`
}

// LockHolder is a process that holds a lock.
type LockHolder struct {
	PID     int    `json:"pid"`
	Command string `json:"command"`
	Creator bool   `json:"creator"` // it took the lock itself; else it inherited the open file
	Dead    bool   `json:"dead,omitempty"`
}

// Listener is the server's listening socket.
type Listener struct {
	Address string `json:"address"`
	Backlog int    `json:"backlog"` // connections that no worker has accepted
	Limit   int    `json:"limit"`
}

// Heartbeat is the age of a worker's own sign of life, read from outside.
type Heartbeat struct {
	PID      int           `json:"pid"`
	Age      time.Duration `json:"age"`
	Turns    uint64        `json:"turns"`     // of its loop, where the server counts them
	InFlight int           `json:"in_flight"` // tasks it says it has
}

func (ServerStarted) kind() string  { return "server-started" }
func (ServerSaid) kind() string     { return "server-said" }
func (ServerStopped) kind() string  { return "server-stopped" }
func (WorkerSeen) kind() string     { return "worker-seen" }
func (WorkerGone) kind() string     { return "worker-gone" }
func (WorkerReleased) kind() string { return "worker-released" }
func (WorkerSample) kind() string   { return "worker-sample" }
func (ThreadSample) kind() string   { return "thread-sample" }
func (LockWait) kind() string       { return "lock-wait" }
func (Listener) kind() string       { return "listener" }
func (Heartbeat) kind() string      { return "heartbeat" }
