package metrics

import (
	"time"

	"github.com/hangtime-dev/hangtime/history"
)

// Load is what was sent in one variant and what became of it.
type Load struct {
	Generator
	Counts
	Current
	ResponseTimes
	Series Series
	Tasks  history.Ledger
	Queue  Queue

	Recoveries []Recovery // of each fault that was healed
}

// A Generator is what sent the hits, and how far it was itself the bottleneck.
type Generator struct {
	Engine  string
	Pattern string
	URL     string
	Senders int

	LagMax     time.Duration // of our own sending, over the variant
	Lagging    float64       // share of the hits that left more than 1 ms after they were due while a sender was free
	BoundWhole string        // the same as Bound, judged over the whole variant when it has ended
	// In words, while the load generator itself is the bottleneck, or was over the whole attack; empty: it is not.
	Bound     string
	Exhausted time.Duration // while all senders were in use and hits waited for one
}

// Counts are the hits of the variant so far, by what became of them.
type Counts struct {
	Due, Sent, Late, Dropped uint64
	OK, Failed               uint64
	Answered                 map[string]uint64 // hits that got a status, whatever it was, by the phase in which they were due
	Status                   map[string]uint64
	Errors                   map[string]uint64 // by class, see history.Err…
}

// Current is how the load is at this moment.
type Current struct {
	Offered     float64 // hits due a second, over the last second
	Achieved    float64 // hits answered ok a second, over the last second
	InFlight    int
	Waiting     int
	Oldest      time.Duration
	Connections int
}

// ResponseTimes are how long hits took, from when they were due.
type ResponseTimes struct {
	TookSum time.Duration     // of all response times
	Bands   [BandCount]uint64 // hits by response time, see BandFloor

	All    Quantiles            // response time of every hit, failed ones with the age at which they failed
	Phases map[string]Quantiles // the same by the phase in which the hit was due
}
