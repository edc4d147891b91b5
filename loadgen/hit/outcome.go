package hit

import "time"

// An Outcome is a hit that has ended. Times are on the run's clock. Engines make one for every hit and hand it over
// with one append; all counting is done elsewhere.
type Outcome struct {
	Seq uint64
	Due time.Duration
	// When a sender began it: made its connection or wrote to one; of a dropped hit: when it was given up.
	Sent     time.Duration
	End      time.Duration
	Connect  time.Duration // time to make its connection; 0 where one was there
	First    time.Duration // from sent to the first byte of the answer; 0: none came
	BytesIn  uint64
	BytesOut uint64
	Target   uint32
	Status   uint16
	Port     uint16 // our local one
	Class    Class
	Note     *Note // nil for most
}

// MaxBody is how many bytes of an answer are kept for the ledger.
const MaxBody = 64 << 10

// A Note is what only few outcomes carry.
type Note struct {
	Detail string // of a failure, in words
	Body   []byte // of a 202, for the ledger
}

// WasSent says whether the hit ever left.
func (o *Outcome) WasSent() bool { return o.Class != ClassDropped }
