package history

import "time"

// FaultAsked says that a fault is about to be applied: the record exists before the harm does.
type FaultAsked struct {
	ID     string        `json:"id"`             // unique in the run: "shared/1"
	Fault  string        `json:"fault"`          // its kind: hold-lock, kill, stop, …
	Target string        `json:"target"`         // in words: a path, "worker 2 (pid 4242)"
	Worker int           `json:"worker"`         // 0: not one worker
	PID    int           `json:"pid"`            // 0: not one process
	Path   string        `json:"path,omitempty"` // of the file it is about
	For    time.Duration `json:"for"`            // planned; 0: an instant
	By     string        `json:"by"`             // "scenario" or "person"
}

// FaultInEffect says that the harm was seen to be there.
type FaultInEffect struct {
	ID     string `json:"id"`
	PID    int    `json:"pid,omitempty"` // the process that holds it up, e.g. the lock's holder
	Detail string `json:"detail,omitempty"`
}

// FaultHealed says that it was undone.
type FaultHealed struct {
	ID       string `json:"id"`
	Why      string `json:"why"`      // "its time was over", "interrupted", …
	Verified bool   `json:"verified"` // seen to be gone, not only told to go
}

// FaultFailed says that it never took effect, or could not be undone.
type FaultFailed struct {
	ID     string `json:"id"`
	Reason string `json:"reason"`
}

func (FaultAsked) kind() string    { return "fault-asked" }
func (FaultInEffect) kind() string { return "fault-in-effect" }
func (FaultHealed) kind() string   { return "fault-healed" }
func (FaultFailed) kind() string   { return "fault-failed" }
