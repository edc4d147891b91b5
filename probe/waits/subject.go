package waits

import (
	"github.com/hangtime-dev/hangtime/history"
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
	Only  bool          // of one that waits for connections: it waits for nothing else
	Words string        // the call's arguments, for a person
}

// What idle threads wait for.
const (
	forConnections = "connections"
	forEvents      = "events"
	forParent      = "parent"
	forParked      = "parked"
	forWorkers     = "workers" // the process that does its work
	// A process with one thread and a client waits for neither that client nor others: it is at its work.
	forOther = "something else"
)
