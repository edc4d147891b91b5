package scenarios

import "time"

// A Fault is harm done on purpose. It begins at At after the start of the phase during and is healed after For.
type Fault struct {
	// Kind of harm.
	Kind string `yaml:"kind" json:"kind" jsonschema:"required,enum=hold-lock,enum=kill,enum=stop,enum=request"`
	// At is its beginning, from the start of the phase during.
	At time.Duration `yaml:"at,omitempty" json:"at,omitempty" jsonschema:"type=string"`
	// For is how long it is kept up; 0: to the end of the phase during, or an instant for kill.
	For time.Duration `yaml:"for,omitempty" json:"for,omitempty" jsonschema:"type=string"`
	// Every repeats it until the end of the phase during; 0: once.
	Every time.Duration `yaml:"every,omitempty" json:"every,omitempty" jsonschema:"type=string"`
	// Path of the file, relative to the server's log folder; for hold-lock.
	Path string `yaml:"path,omitempty" json:"path,omitempty"`
	// Lock is the kind of lock to hold.
	Lock string `yaml:"lock,omitempty" json:"lock,omitempty" jsonschema:"enum=flock,enum=fcntl"`
	// Request is what a fault of kind request sends: a call that the server should not take, or not in that way.
	Request *Target `yaml:"request,omitempty" json:"request,omitempty"`
	// Worker selects the victim of kill and stop: random, oldest, all, or a number from 1.
	Worker string `yaml:"worker,omitempty" json:"worker,omitempty"`
}
