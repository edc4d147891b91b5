package scenarios

import "time"

// A Fault is harm done on purpose. It begins at At after the start of the phase during and is healed after For.
type Fault struct {
	// Kind of harm; docs/faults.md says what each does, needs, and how it is undone.
	Kind string `yaml:"kind" json:"kind" jsonschema:"required" choice:"fault"`
	// At is its beginning, from the start of the phase during.
	At time.Duration `yaml:"at,omitempty" json:"at,omitempty" jsonschema:"type=string"`
	// For is how long it is kept up, or, for what is over at once, such as a kill, repeated; 0: to the end of the
	// phase during.
	For time.Duration `yaml:"for,omitempty" json:"for,omitempty" jsonschema:"type=string"`
	// Every repeats it until For is over or the phase during ends; 0: once.
	Every time.Duration `yaml:"every,omitempty" json:"every,omitempty" jsonschema:"type=string"`
	// Worker selects the victim: random, oldest, busiest, all, a number from 1; or arbiter, server (the arbiter and
	// all workers), or group (the workers in the arbiter's process group, as Ctrl-C reaches them), where the kind has
	// a meaning for it.
	Worker string `yaml:"worker,omitempty" json:"worker,omitempty"`
	// Signal is what a fault of kind signal sends, such as SIGHUP.
	Signal string `yaml:"signal,omitempty" json:"signal,omitempty"`
	// Path of the file, relative to the server's log folder; for hold-lock.
	Path string `yaml:"path,omitempty" json:"path,omitempty"`
	// Lock is the kind of lock to hold.
	Lock string `yaml:"lock,omitempty" json:"lock,omitempty" jsonschema:"enum=flock,enum=fcntl,enum=inherited"`
	// Request is what a fault of kind request sends: a call that the server should not take, or not in that way.
	Request *Target `yaml:"request,omitempty" json:"request,omitempty"`
	// Delay of each operation of a slow-disk, of each piece of data of a network with latency, and between the bytes
	// of a slow-client.
	Delay time.Duration `yaml:"delay,omitempty" json:"delay,omitempty" jsonschema:"type=string"`
	// CPUs is how many processors the victim may use under a cpu-quota, such as 0.1.
	CPUs float64 `yaml:"cpus,omitempty" json:"cpus,omitempty"`
	// MiB is the limit of a memory-limit, above what the victim has; and the size of the disk of fill-disk.
	MiB int `yaml:"mib,omitempty" json:"mib,omitempty" jsonschema:"minimum=1,maximum=65536"`
	// Files is how many descriptors a process under an fd-limit may have beyond those it has.
	Files int `yaml:"files,omitempty" json:"files,omitempty" jsonschema:"minimum=1,maximum=65536"`
	// Connections is how many a slow-client or a connection-flood opens.
	Connections int `yaml:"connections,omitempty" json:"connections,omitempty" jsonschema:"minimum=1,maximum=4096"`
	// Network is what happens between the server and its dependency.
	Network string `yaml:"network,omitempty" json:"network,omitempty" jsonschema:"enum=latency,enum=reset,enum=blackhole"`
	// Listen and Upstream are where a network fault's proxy accepts and where it leads to, HOST:PORT on loopback; the
	// reference server needs neither.
	Listen   string `yaml:"listen,omitempty" json:"listen,omitempty"`
	Upstream string `yaml:"upstream,omitempty" json:"upstream,omitempty"`
}
