package loadgen

import (
	"time"

	"github.com/hangtime-dev/hangtime/loadgen/hit"
)

// groupKey is one HitWindow of a fold.
type groupKey struct {
	due time.Duration
	tag string
}

// A group is the hits of one HitWindow while it is made.
type group struct {
	ok     uint64
	status map[uint16]uint64
	errors [hit.Classes]uint64
	hits   []int32 // places in the batch
}

func (g *group) add(o *hit.Outcome, at int32) {
	if o.Status != 0 {
		g.status[o.Status]++
	}
	if o.Class == hit.ClassOK {
		g.ok++
	} else {
		g.errors[o.Class]++
	}
	g.hits = append(g.hits, at)
}

func (g *group) clear() {
	g.ok, g.errors, g.hits = 0, [hit.Classes]uint64{}, g.hits[:0]
	clear(g.status)
}
