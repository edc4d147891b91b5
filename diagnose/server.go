package diagnose

import (
	"time"

	"github.com/hangtime-dev/hangtime/history"
)

// A server is what is known of all of a server: its processes, its place in the pool for each, and who waits before its
// door.
type server struct {
	clock
	workerTable
	listener
	answered  time.Duration           // when any worker last answered anything; unset: never
	whole     bool                    // the history says where a look ends
	followed  bool                    // there is a ledger of its tasks
	hidden    []history.Unseen        // what may not be read
	halted    map[int]history.Halted  // that are stopped although it needs them, by pid
	databases map[string]databaseSaid // by name, those that were asked
	arbiter   int                     // its pid; 0: not known
	reference bool                    // it is hangtime's own
	attached  bool                    // it ran before it was watched: times before the beginning are negative
}

// A workerTable is the processes of a server and their places.
type workerTable struct {
	processes map[int]*process // by pid, also of those that are gone while an incident may need them
	places    map[int]*workerPlace
}

// A listener is the listening socket, and the connections that nobody has accepted.
type listener struct {
	backlog      int
	backlogFrom  time.Duration // since when it has not been empty; -1: it is
	backlogLimit int
}

func newServer(l Limits) *server {
	return &server{clock: clock{limits: l, ending: -1}, workerTable: workerTable{map[int]*process{}, map[int]*workerPlace{}},
		listener: listener{backlogFrom: -1}, answered: unset}
}

func (ln *listener) listens(at time.Duration, ev history.Listener) {
	ln.backlog, ln.backlogLimit = ev.Backlog, ev.Limit
	ln.backlogFrom = sinceWhen(ev.Backlog > 0, ln.backlogFrom, at)
}

func (wt *workerTable) alive(pid int) *process {
	if p := wt.processes[pid]; p != nil && !p.gone {
		return p
	}
	return nil
}

func (wt *workerTable) anyAlive() bool {
	for _, p := range wt.processes {
		if !p.gone {
			return true
		}
	}
	return false
}

// waiting says whether connections have waited to be accepted for longer than a moment.
func (sv *server) waiting() bool {
	return sv.backlogFrom >= 0 && sv.now-sv.backlogFrom >= sv.limits.Suspect
}

// served says whether any worker of the server has answered anything in the time before now.
func (sv *server) served(in time.Duration) bool { return sv.now-sv.answered < in }

// swamped says whether connections have been waiting to be accepted for longer than a moment: work comes faster than it
// is done.
func (sv *server) swamped() bool { return sv.backlogFrom >= 0 && sv.now-sv.backlogFrom >= time.Second }

// Unaccepted is for how long connections have waited to be accepted while no worker answered anything; 0: none do.
func (sv *server) Unaccepted() time.Duration {
	if sv.backlogFrom < 0 || sv.answered >= sv.backlogFrom {
		return 0
	}
	return sv.now - sv.backlogFrom
}

// anyHangs says whether any worker that lives hangs.
func (wt *workerTable) anyHangs() bool {
	for _, p := range wt.processes {
		if !p.gone && p.state.IsHang() {
			return true
		}
	}
	return false
}

// anyAtWork says whether any worker that lives has a request or a task.
func (wt *workerTable) anyAtWork() bool {
	for _, p := range wt.processes {
		if !p.gone && p.sample.Inside+p.open > 0 {
			return true
		}
	}
	return false
}

// anyReadyBut says whether another worker that lives has a listening socket: somebody serves.
func (wt *workerTable) anyReadyBut(but *process) bool {
	for _, p := range wt.processes {
		if p != but && !p.gone && !p.noListener {
			return true
		}
	}
	return false
}

// anyReady says whether any worker that lives has come so far as to serve.
func (wt *workerTable) anyReady() bool {
	for _, p := range wt.processes {
		if !p.gone && p.ready {
			return true
		}
	}
	return false
}

// allKept says whether every worker that lives is kept from its work.
func (wt *workerTable) allKept() bool {
	for _, p := range wt.processes {
		if !p.gone && !p.kept {
			return false
		}
	}
	return true
}

// reloadSpan is how long before the end of a worker its successor is started at most: the worker may take until its
// graceful timeout to end what it has.
const reloadSpan = time.Minute

// succeeded says whether a younger worker stands there already: a graceful reload starts the new ones first (gunicorn's
// HUP, nginx's and Apache's reload, puma's phased restart).
func (sv *server) succeeded(p *process) bool {
	for _, q := range sv.processes {
		if !q.gone && q.seen > max(p.seen+tickStep, sv.now-reloadSpan) {
			return true
		}
	}
	return false
}

// replaced is when a process was replaced: its first successor was born then. It is told to leave at about that time,
// or a little later. unset: none was.
func (sv *server) replaced(p *process) time.Duration {
	at := unset
	for _, q := range sv.processes {
		if !q.gone && q.seen > p.seen+sv.limits.Settle && (at == unset || q.seen < at) {
			at = q.seen
		}
	}
	return at
}
