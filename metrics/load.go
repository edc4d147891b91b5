package metrics

import (
	"time"

	"github.com/hangtime-dev/hangtime/history"
)

// Load is what was sent in one variant and what became of it.
type Load struct {
	Engine  string
	Pattern string
	URL     string
	Senders int

	Due, Sent, Late, Dropped uint64
	OK, Failed               uint64
	Status                   map[string]uint64
	Errors                   map[string]uint64 // by class, see history.Err…

	Offered     float64 // hits due a second, over the last second
	Achieved    float64 // hits answered ok a second, over the last second
	InFlight    int
	Waiting     int
	Oldest      time.Duration
	Connections int
	LagMax      time.Duration // of our own sending, over the variant
	Lagging     float64       // share of the hits that left more than 1 ms after they were due while a sender was free
	BoundWhole  string        // the same as Bound, judged over the whole variant when it has ended
	Bound       string        // in words, while the load generator itself is the bottleneck, or was over the whole attack; empty: it is not
	Exhausted   time.Duration // while all senders were in use and hits waited for one

	TookSum time.Duration     // of all response times
	Bands   [BandCount]uint64 // hits by response time, see BandFloor

	All    Quantiles            // response time of every hit, failed ones with the age at which they failed
	Phases map[string]Quantiles // the same by the phase in which the hit was due
	Series Series
	Tasks  history.Ledger

	Recoveries []Recovery // of each fault that was healed
}

// Quantiles of response times, from due.
type Quantiles struct {
	Count                         uint64
	P50, P90, P95, P99, P999, Max time.Duration
}

// A Series is the response time over time, by when the hits were due. Points are Step apart and at most 512; a longer run has longer steps.
type Series struct {
	Start  time.Duration // of the first point
	Step   time.Duration
	Points []Point
}

// A Point is one step of a Series.
type Point struct {
	Due, OK, Failed uint64
	P50, P99, Max   time.Duration
	Bands           [BandCount]uint32 // hits by response time, see BandFloor
}

// BandCount is how many bands a point's hits are sorted into, for a heat map.
const BandCount = 16

// BandFloor is the lower limit of band i: 3 bands to a decade, from 0.1 ms to 10 s; the lowest takes everything below, the highest everything above.
func BandFloor(i int) time.Duration {
	floors := [BandCount]time.Duration{0, 200e3, 500e3, 1e6, 2e6, 5e6, 10e6, 20e6, 50e6, 100e6, 200e6, 500e6, 1e9, 2e9, 5e9, 10e9}
	return floors[i]
}
