package diagnose

import (
	"time"

	"github.com/hangtime-dev/hangtime/history"
)

// A casebook is all incidents and who or what is to blame for them.
type casebook struct {
	*server
	incidents []*incident
	nextID    int
	faults    []*fault
	failures  []failure
	lost      uint64         // tasks, by the ledger
	lostBy    map[int]uint64 // of these, by the process that had accepted them
}

// An incident is one that may still go on.
type incident struct {
	Incident
	key    string
	fault  *fault
	victim []*process // of each victim, while it is one

	ports   map[int]stay // connections that were inside a victim, by the client's port
	unnamed map[int]int  // by pid, how many more were inside than were named
	deaths  int          // of a crash, also beyond the bound on victims
	young   int          // of these, how many had served nothing
}

// A fault is harm done on purpose.
type fault struct {
	history.FaultAsked
	asked  time.Duration
	effect time.Duration // -1: not seen in effect
	healed time.Duration // -1: not yet
	holder int
}

// A stay is one connection inside one victim: from when it was seen there, until when.
type stay struct{ from, to time.Duration }

// A failure is hits that failed in one window: kept for a while, because an incident is detected after it began.
type failure struct {
	to time.Duration
	n  uint64
}
