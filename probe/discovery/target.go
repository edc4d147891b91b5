package discovery

import (
	"net"
	"strings"
	"time"

	"github.com/hangtime-dev/hangtime/kernel/proc"
	"github.com/hangtime-dev/hangtime/probe/sessions"
)

// A Target is a server to watch.
type Target struct {
	Arbiter int    // the process whose children are the workers
	Address string // "127.0.0.1:8000" or "unix:/run/app.sock": where it listens; empty: no sockets are looked at
	Single  bool   // the arbiter is itself the only worker
	Serves  bool   // the arbiter is a worker too: it takes connections beside its children

	Others []string // further addresses where it listens, and those behind it do
	Behind []Target // servers that it started and that listen elsewhere, such as FastCGI programs
	Netns  string   // its network namespace as a path; empty: our own
	Query  bool     // the part of a request's address behind "?" may be recorded

	Databases []sessions.Database // to be asked who waits for whom in them

	HangAfter time.Duration // as in history.ServerStarted; the probe makes nothing of it
}

// Addresses are all where it listens.
func (t Target) Addresses() []string {
	if t.Address == "" {
		return t.Others
	}
	return append([]string{t.Address}, t.Others...)
}

// Command is a process's command line for people, at most 120 bytes; empty: there is none such.
func Command(pid int) string { return proc.FS("/proc").Command(pid) }

// Elsewhere is where the server listens, as far as that is known, if it is not at an address that is loaded: there then
// stands another server, or one that passes requests on. Empty: it listens there, or nobody knows.
func (t Target) Elsewhere(loaded string) string {
	_, port, err := net.SplitHostPort(loaded)
	if err != nil {
		return ""
	}
	for _, address := range t.Addresses() {
		if _, at, err := net.SplitHostPort(address); err == nil && at == port {
			return ""
		}
	}
	return strings.Join(t.Addresses(), ", ")
}
