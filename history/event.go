package history

import "time"

// An Event is one of the value types of this package; the set is closed, so that every fold can be a complete type switch.
type Event interface {
	// kind is the name that stands for the type in a recording; it never changes once released.
	kind() string
}

// A Record is an event with its place in the history.
type Record struct {
	Seq uint64        // from 1, without gaps
	At  time.Duration // when it was recorded, since the run began; never less than that of the record before
	Event
}
