package faults

import (
	"fmt"
	"time"
)

// An undo says how one harm is mended. It is with the guardian, and on disk, before the harm exists.
type undo struct {
	ID   string `json:"id"`
	Kind string `json:"kind"`
	process
	Path string `json:"path,omitempty"`
	// Back is where the processes of a control group belong.
	Back string `json:"back,omitempty"`
	// Controller of control groups.
	Controller string `json:"controller,omitempty"`
	// Old is a limit as it was: soft, hard.
	Old []uint64 `json:"old,omitempty"`
	// Until is when the guardian mends it unasked; zero: at hangtime's end.
	Until time.Time `json:"until,omitzero"`
}

// A mending is how one kind of undo record is mended. Each is declared once, beside what mends it.
type mending struct {
	// says what mending does, for a person.
	says func(u undo) string
	// mend undoes the harm and returns nil only when it was seen to be gone. It is safe twice, and on what never came
	// to be.
	mend func(u undo) error
	// releases says that it lets processes run again that could not even be killed before: that comes first.
	releases bool
	// survives says that the harm outlives a restart of the machine.
	survives bool
}

// mendings are all there are, by the kind of the record.
var mendings = map[string]mending{}

// mendedBy declares a kind of undo record and returns its name, which stands in journals and so never changes. It panics
// on a name that is taken.
func mendedBy(kind string, m mending) string {
	if _, taken := mendings[kind]; taken {
		panic("two ways to mend " + kind)
	}
	mendings[kind] = m
	return kind
}

var (
	// undoServer ends a process and all that descends from it.
	undoServer = mendedBy("end-server", ending)
	// undoHelper ends a process.
	undoHelper = mendedBy("end-helper", ending)
)

var ending = mending{
	says: func(u undo) string { return fmt.Sprintf("end pid %d", u.PID) },
	mend: func(u undo) error { return u.process.end(endLimit) },
}

// mending is how a record is mended; one of a kind that a later version wrote is left as it is and told.
func (u undo) mending() mending {
	if m, ok := mendings[u.Kind]; ok {
		return m
	}
	return mending{
		says: func(undo) string { return u.Kind },
		mend: func(undo) error {
			return fmt.Errorf("undo record of kind %q: not known to this version of hangtime", u.Kind)
		},
	}
}

// String says what mending it does, for a person.
func (u undo) String() string { return u.mending().says(u) }

func (u undo) releases() bool { return u.mending().releases }

func (u undo) survives() bool { return u.mending().survives }

func (u undo) mend() error { return u.mending().mend(u) }
