package python

import "github.com/hangtime-dev/hangtime/stacks"

// A wait is what a piece of work waits for while it is found out.
type wait struct {
	stacks.Wait
	fut   uint64 // asyncio's future, of a task
	self  uint64 // thread that asks; 0: a task does
	whole uint64 // what the application has a name for where Object is only a part of it; 0: Object itself
}

// isNamed says whether the application has a name for what is waited for: sockets and children are not looked for
// under theirs.
func (w *wait) isNamed() bool {
	return w.Object != 0 && w.On != "socket" && w.On != "pipe" && w.On != "child"
}
