package temporal

import (
	"slices"
	"sync"
	"time"

	"github.com/hangtime-dev/hangtime/reference-server/board"
)

// listLate is how much later than a task begins or ends Temporal's list of tasks may say so, nanoseconds.
const listLate = int64(250 * time.Millisecond)

// A bound refuses what is too much for the queue, for Temporal takes everything. It goes by what the arbiter counted
// last, and by what this worker has put since: of several workers the others' share of half a second is missing.
type bound struct {
	queue *board.QueueAccount
	limit int
	now   func() int64

	mu  sync.Mutex
	put []int64 // when, of what was put since the last count
}

// admit says whether there is room for one more, which is put then.
func (b *bound) admit() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	last, at := b.queue.Last()
	b.put = slices.DeleteFunc(b.put, func(when int64) bool { return when < at-listLate })
	if last.Depth+last.InFlight+len(b.put) >= b.limit {
		return false
	}
	b.put = append(b.put, b.now())
	return true
}
