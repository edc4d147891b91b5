package diagnose

import "time"

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

// A failure is hits that failed in one window: kept for a while, because an incident is detected after it began.
type failure struct {
	to time.Duration
	n  uint64
}
