package schedule

import "sync"

const (
	blockSize = 1024 // hits made at a time
	blocksMax = 4    // kept: where the sender is, where the oldest unsent hit is, and one to spare for each
)

// entry is one hit of a schedule that can only be made in order.
type entry struct {
	value float64 // seconds, or what the schedule wants
	pick  uint32
	n     uint64 // its number within what was picked
}

// ordered gives random access to a sequence that can only be made in order, in memory that grows by one state for each
// 1,024 hits: it keeps the state before each block, and the blocks in use.
type ordered[S any] struct {
	fill func(state S, block *[blockSize]entry) S

	mu     sync.Mutex
	states []S // before each block
	kept   [blocksMax]keptBlock
	turn   int
}

type keptBlock struct {
	number  uint64
	made    bool
	entries [blockSize]entry
}

func newOrdered[S any](first S, fill func(S, *[blockSize]entry) S) *ordered[S] {
	return &ordered[S]{fill: fill, states: []S{first}}
}

func (o *ordered[S]) at(n uint64) entry {
	o.mu.Lock()
	defer o.mu.Unlock()
	number := n / blockSize
	for i := range o.kept {
		if o.kept[i].made && o.kept[i].number == number {
			return o.kept[i].entries[n%blockSize]
		}
	}
	var to *keptBlock
	for {
		known := min(uint64(len(o.states)-1), number)
		to = &o.kept[o.turn]
		o.turn = (o.turn + 1) % blocksMax
		to.number, to.made = known, true
		after := o.fill(o.states[known], &to.entries)
		if known == uint64(len(o.states)-1) {
			o.states = append(o.states, after)
		}
		if known == number {
			return to.entries[n%blockSize]
		}
	}
}
