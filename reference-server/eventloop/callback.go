package eventloop

// A Callback is what the loop runs; Label says for the log on whose account.
type Callback struct {
	Run   func()
	Label uint64
	since int64 // when it could have run: it was made ready, or its timer was due
}

// A Timer is a callback that is not due yet.
type Timer struct {
	due      int64 // CLOCK_MONOTONIC, nanoseconds
	callback Callback
	index    int // in the heap; -1: not in it
}

// timers is a heap of them.
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
