package diagnose

import (
	"time"

	"github.com/hangtime-dev/hangtime/history"
)

// A standstill is work without progress, and what is known of the thread, or of the piece of work that no thread runs,
// that stands still.
type standstill struct {
	from time.Duration // since when
	work time.Duration // since when the work that is held up is there; unset: as long as it stands still
	// From when on it is a hang because others wait behind it; 0: it is one at once; never: nobody waits, so its age
	// alone decides.
	limit   time.Duration
	tid     int // of the thread that explains it; 0: none does
	thread  *threadState
	behind  *obstacle // what the thread waits for, where it is known
	task    *stack    // the piece of work without a thread that explains it; nil: a thread does, or none
	how     manner
	shown   time.Duration // of one that runs: since when every look found it running
	crowd   int           // threads of the pool, or tasks, that stand still together
	cycle   []string      // who waits for whom, in a circle
	unaided bool          // no look says yet what keeps it
	aimless bool          // nobody can know what it is to do: it is a program with a course of its own
	least   bool          // it may have lasted longer than since from
	nobodys bool          // nobody waits for it, so that its age makes no hang of it
	own     bool          // what it waits for keeps nobody else: as long as others of the server answer, it is slow
}

// A manner is how a process came to stand still, beyond what one of its threads shows.
type manner int

const (
	standing      manner = iota // a thread shows it, or none does
	byStop                      // SIGSTOP
	byTracer                    // ptrace(2) holds it, such as a debugger
	byFreezer                   // its cgroup is frozen
	byMemory                    // its cgroup is out of memory, with the killer off
	computing                   // a thread runs all the time
	withoutFiles                // it runs all the time and has no descriptor left to accept with
	deadLoop                    // tasks are taken and none ends, while nothing stands in the way
	polling                     // a thread sleeps and asks again, always in one place
	waitingTasks                // pieces of work without a thread wait for one thing
	booting                     // it has never come so far as to serve
	lingering                   // it ends, and something keeps it
	waitingInside               // its threads wait for each other, and for nothing outside
)

// never is the limit of a stall behind which nobody waits.
const never time.Duration = -1

func isStopped(state string) bool { return state == "T" || state == "t" }

func (s standstill) event() history.Event { return eventOf(s.behind) }

// since is the age of the work that is held up, or of the standstill, whichever is known to be longer.
func (s standstill) since() time.Duration {
	if s.work != unset && s.work < s.from {
		return s.work
	}
	return s.from
}

// outside says whether the whole process was stopped from outside.
func (s standstill) outside() bool {
	return s.how == byStop || s.how == byTracer || s.how == byFreezer
}

// continues says whether a stall is what a process was found hung by: it needs no second proof that it is long enough.
func (s standstill) continues(before standstill) bool {
	if s.task != nil || before.task != nil {
		return s.task != nil && before.task != nil
	}
	return s.how == before.how && s.tid == before.tid
}
