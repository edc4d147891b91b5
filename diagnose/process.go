package diagnose

import (
	"time"

	"github.com/hangtime-dev/hangtime/history"
)

// A process is all that is known of one worker process.
type process struct {
	pid, place int
	worker     int           // its number in the history, by which faults name it
	seen       time.Duration // since when it is known to be there
	found      time.Duration // when that was recorded
	ready      bool          // it has shown that it serves
	gone       bool
	leaving    bool   // it said that it leaves by itself
	noListener bool   // it has no listening socket and no connection of the server's
	title      string // what it says of itself in its title
	files      history.Descriptors
	filesSeq   uint64
	group      controlGroup

	requests
	processor
	beats
	openTasks
	looks
	heard
	judgement
}

// A judgement is what is held of a process by now.
type judgement struct {
	state     State
	since     time.Duration
	label     Label
	unseen    string        // why nobody can say whether it works; empty: it can be said
	suspected time.Duration // when the present stall was first suspected; -1: not
	undecided bool          // whether it works or rests cannot be seen, and that may yet last long enough to be said
	kept      bool          // it was found to stand still when it was last judged
	cause     *Cause
	stall     standstill    // the present one, as last judged to be a hang
	confirmed time.Duration // when that was
	hang      *incident     // whose victim it is now
	hung      *incident     // whose victim it was last
	hungTo    time.Duration // when its last hang was over; -1: it had none
}

func newProcess(pid, worker int, at time.Duration) *process {
	return &process{
		pid: pid, worker: worker, seen: at, group: noGroup(), requests: noRequests(at), processor: processor{busyFrom: -1},
		beats: noBeats(at), openTasks: openTasks{ended: at, endedMin: at},
		looks: noLooks(), judgement: judgement{state: Booting, since: at, suspected: -1, hungTo: -1},
	}
}
