package stacks

import "github.com/hangtime-dev/hangtime/kernel/proc"

// maxSpaceThreads bounds how many threads of a process are looked through.
const maxSpaceThreads = 8192

// ThreadIDs are the kernel's ids of a process's threads, by the ids that the process sees itself: in a container it
// sees others than we do (pid_namespaces(7)).
type ThreadIDs struct {
	fs    proc.FS
	pid   int
	own   bool        // it has a namespace of ids of its own
	known map[int]int // 0: it was looked for, and there is none
}

// NewThreadIDs is for one process.
func NewThreadIDs(p Process) *ThreadIDs {
	t := &ThreadIDs{fs: proc.FS(p.Proc), pid: p.PID, known: map[int]int{}}
	status, err := t.fs.Status(p.PID)
	t.own = err == nil && len(status.NSPID) > 1
	return t
}

// OwnPID is what a process calls itself: in a container another number than ours.
func OwnPID(p Process) int {
	status, err := proc.FS(p.Proc).Status(p.PID)
	if err != nil || len(status.NSPID) == 0 { // it has ended, or the kernel does not tell
		return p.PID
	}
	return status.NSPID[len(status.NSPID)-1]
}

// Of is the kernel's id of a thread; 0: there is none of that id. What it has found it keeps: ids of a process are used
// again only after thousands of others.
func (t *ThreadIDs) Of(id int) int {
	if !t.own {
		return id
	}
	if found, known := t.known[id]; known {
		return found
	}
	clear(t.known)
	threads, err := t.fs.Threads(t.pid)
	if err != nil {
		return 0 // it has ended
	}
	for _, outer := range threads[:min(len(threads), maxSpaceThreads)] {
		if status, err := t.fs.Thread(t.pid, outer).Status(); err == nil && len(status.NSPID) > 0 {
			t.known[status.NSPID[len(status.NSPID)-1]] = outer
		}
	}
	found := t.known[id]
	t.known[id] = found // also that it is not there, until another is asked for that is not either
	return found
}
