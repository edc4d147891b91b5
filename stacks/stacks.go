// Package stacks is what the readers of language runtimes share: what they read, and what they tell. A reader
// (stacks/python, stacks/golang, …) reads the memory of a process from outside, without stopping it, without a
// signal, and without anything loaded into it. It decides nothing: whether a worker hangs is not its business.
package stacks

import (
	"errors"
	"time"

	"github.com/hangtime-dev/hangtime/kernel/memory"
	"github.com/hangtime-dev/hangtime/kernel/perf"
)

// ErrNone says that a process does not run the reader's runtime.
var ErrNone = errors.New("this runtime was not found in it")

// A Process is one whose memory may be read.
type Process struct {
	Proc string // root of the proc file system: "/proc"
	PID  int
	// Memory fills into with what is at an address: whole, or an error. Pointers are read from a process that goes on
	// meanwhile: any may lead anywhere.
	Memory func(address uint64, into []byte) error
	// Pieces fills those that are there, many at once; nil: there is only Memory.
	Pieces func([]memory.Piece)
	// Where waits a moment until a thread runs its own code, and tells where it was then; nil: that is not known.
	Where func(tid int) (perf.Sample, error)
}

// A Reader reads one process. One goroutine may use it. Each look is bounded: at most 10 ms of processor time and the
// bounds of the reader's own.
type Reader interface {
	// Language is that of the runtime: "python", "ruby", "php", "perl", "go", "java", "javascript"; "apache" and "sql" are servers' own accounts.
	Language() string
	// Look reads what the process does now. What cannot be followed is left out; an error says that nothing could be read.
	Look() ([]Work, error)
}

// An Opener finds a runtime in a process; ErrNone where there is none.
type Opener func(Process) (Reader, error)

// Work is one thing that a process does: in a thread, or in a coroutine, greenlet, goroutine or fiber that no thread
// runs now.
type Work struct {
	Kind   string  // "thread", "task" (asyncio), "greenlet", "goroutine", "fiber"
	TID    int     // kernel's id of the thread that runs it; 0: none does now, or it is not known
	ID     uint64  // names it in its runtime: an address, or a number
	Name   string  // as the runtime has it: "ThreadPoolExecutor-0_1", "Task-12"; may be empty
	Frames []Frame // innermost first; may be empty
	Lock   bool    // it holds the interpreter's lock (GIL, GVL)
	Idle   bool    // proven to wait for its next piece of work, in the place where its pool, server or runtime waits for one
	Pool   bool    // it is one of a pool's: of an executor, or one that a server serves requests with
	Queued int     // jobs that wait for a thread of its pool
	Boots  bool    // it is the application's own start, which is not over: nobody is served before it ends
	Turn   bool    // it is in a turn of the event loop that its thread runs: what else the loop has waits for it
	Helper bool    // what its process is for: to serve the other processes of its own program
	Ends   bool    // it ends its process: an interpreter at its exit that waits for what is left
	Wait   Wait
	// Request is what it works on, where its frames say it.
	Request Request
	// Main says that it runs the program's main function where that is not on the process's first thread.
	Main bool
	// Script says that it is in the program's own course: the application's code, which no library called that takes work.
	Script bool
}

// A Frame is one call.
type Frame struct {
	Function string // as the runtime names it: "Queue.get", "net/http.(*conn).serve"
	File     string // whole path as the runtime has it; empty: a function of the runtime itself
	Line     int    // from 1; 0: not known
	Library  bool   // of the language or of an installed package, not of the application
}

// A Wait is what a piece of work waits for, by the runtime's own account. The zero Wait says nothing.
type Wait struct {
	// On is the kind: "lock", "condition", "queue" (for an item), "room" (in a full queue), "semaphore", "event", "barrier", "wait group",
	// "future", "task", "thread", "executor", "pool", "channel", "select", "monitor", "socket", "pipe", "child", "sleep",
	// "interpreter lock".
	On     string
	Object uint64        // the thing itself: the same for all who wait for it; 0: not known
	Name   string        // what the application calls it: "lock", "QueuePool(2, all taken)"; empty: not known
	Owner  uint64        // ID of the work that holds it, or for a thread its TID; of a child its pid; 0: not known, or nobody
	Before int           // pid of the parent in which it was taken before the fork, so that nobody here can release it; 0: it is not known to be so
	FD     int           // descriptor that it waits for; -1 or, where On is empty, 0: none
	For    time.Duration // since when, where the runtime keeps that; 0: it does not say
}

// A Setting is one of a task queue's worker that is off for some of its tasks, which are lost therefore when a process
// dies.
type Setting struct {
	System string   // "celery", "rq"
	Name   string   // "acks_late", "reject_on_worker_lost", "retry"
	Tasks  []string // names of tasks that it is off for, at most MostTasks of them
	Of     int      // how many they are
}

// MostTasks is how many tasks a Setting names.
const MostTasks = 5

// Add counts one more task that the setting is off for.
func (s *Setting) Add(task string) {
	s.Of++
	if len(s.Tasks) < MostTasks {
		s.Tasks = append(s.Tasks, task)
	}
}

// A Request is the piece of work that somebody asked for. Never headers or bodies.
type Request struct {
	Method string // "GET"; of a queue's task empty
	Path   string // "/pay"; of a queue's task its name: "tasks.fetch"; of a database the statement, without its values
	Query  string // without "?"; shown only where a person asks for it
	ID     string // of a queue's task
	Port   int    // the client's, which joins it to a connection; 0: not known
	// For is how long it has been worked on, where the server itself says so; 0: it does not.
	For  time.Duration
	Once bool // of a queue's task: it was given without a retry, and will not be begun again if its process dies
}
