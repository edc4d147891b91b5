package ledger

import "time"

// An openTask was accepted, and how it ended is not known yet.
type openTask struct {
	id       string
	pid      int
	accepted time.Duration
	next     time.Duration // when to ask
	stranger time.Duration // since when the server does not know it; 0: it does
	known    bool          // the server had it when it was asked last
	ended    bool
}

// nextFirst is a heap of tasks: on top the one whose question is due first. The old are asked about less often than the
// young, who must not wait behind them.
type nextFirst []*openTask

func (h nextFirst) Len() int           { return len(h) }
func (h nextFirst) Less(i, j int) bool { return h[i].next < h[j].next }
func (h nextFirst) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *nextFirst) Push(t any)        { *h = append(*h, t.(*openTask)) }

func (h *nextFirst) Pop() any {
	last := len(*h) - 1
	t := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	return t
}
