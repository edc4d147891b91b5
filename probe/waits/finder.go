package waits

import (
	"github.com/hangtime-dev/hangtime/kernel/proc"
)

// A Finder finds what is behind calls. One goroutine may use it.
type Finder struct {
	fs      proc.FS
	host    *host
	locks   lockTable
	holders holders
	mounts  *mounts
}

// New prepares to find. netns is the server's network namespace as a path ("/proc/PID/ns/net"; empty: our own); trouble
// is told what could not be read, and why.
func New(fs proc.FS, netns string, trouble func(what string, err error)) *Finder {
	return &Finder{
		fs: fs, host: newHost(fs, netns, trouble), mounts: newMounts(fs), locks: lockTable{fs: fs},
		holders: holders{fs: fs, known: map[holderKey]foundHolders{}},
	}
}

// Close gives back what the Finder has open.
func (f *Finder) Close() { f.host.close() }
