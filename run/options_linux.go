package run

import (
	"github.com/hangtime-dev/hangtime/probe/sessions"
	"github.com/hangtime-dev/hangtime/scenarios"
)

// Options of a run.
type Options struct {
	Document *scenarios.Document
	Name     string // of the scenario, as the header and file names have it
	Self     string // hangtime's own binary, which is also the reference server
	Tool     string // version of hangtime
	Seed     uint64
	// AllowFaults lets faults be done to a server that hangtime did not start.
	AllowFaults bool
	// Allow are hosts other than this machine that may be loaded.
	Allow []string
	// Databases are asked who waits for whom in them, while a worker is suspect.
	Databases []sessions.Database
	Sinks     []Sink
}
