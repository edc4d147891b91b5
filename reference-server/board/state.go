package board

// A State is how far a task has come.
type State uint8

// The states. From Done on a task has ended.
const (
	reserved State = iota // its slot is being written
	Accepted
	Running
	Done
	Failed
	TimedOut
	DeadLettered // it was tried as often as it may be, and put aside
	Lost         // its worker died before it ended
	Unknown      // not remembered, or never given out
)

var names = [...]string{"accepted", "accepted", "running", "done", "failed", "timed-out", "dead-lettered", "lost", "unknown"}

func (s State) String() string { return names[min(int(s), len(names)-1)] }

// Ended says whether nothing will happen to it any more.
func (s State) Ended() bool { return s >= Done && s <= Lost }

// An Owner is a worker process that accepts tasks.
type Owner struct {
	Number uint64
	PID    int
	Place  int
}
