package eventloop

import (
	"container/heap"
	"time"
)

// A Timer is a callback that is not due yet.
type Timer struct {
	due      int64 // CLOCK_MONOTONIC, nanoseconds
	callback Callback
	index    int // in the heap; -1: not in it
}

// CallLater runs c after d. Only callbacks of this loop may call it.
func (l *Loop) CallLater(d time.Duration, c Callback) *Timer {
	t := &Timer{due: l.opts.Now() + int64(d), callback: c}
	heap.Push(&l.timers, t)
	return t
}

// Cancel forgets t, whether it ran or not. Only callbacks of this loop may call it.
func (l *Loop) Cancel(t *Timer) {
	if t != nil && t.index >= 0 {
		heap.Remove(&l.timers, t.index)
	}
}

type timers []*Timer

func (t timers) Len() int           { return len(t) }
func (t timers) Less(i, j int) bool { return t[i].due < t[j].due }
func (t timers) Swap(i, j int) {
	t[i], t[j] = t[j], t[i]
	t[i].index, t[j].index = i, j
}

func (t *timers) Push(x any) {
	timer := x.(*Timer)
	timer.index = len(*t)
	*t = append(*t, timer)
}

func (t *timers) Pop() any {
	old := *t
	last := old[len(old)-1]
	old[len(old)-1] = nil
	*t = old[:len(old)-1]
	last.index = -1
	return last
}
