package waits

import (
	"github.com/hangtime-dev/hangtime/kernel/proc"
)

// A Finder tells by its call what a thread waits for, and asks those below who is behind it. One goroutine may use it.
type Finder struct {
	fs       proc.FS
	host     *host
	locks    *fileLocks
	files    *fileSystems
	children *children
	futexes  *futexes
}

// New prepares to find. netns is the server's network namespace as a path ("/proc/PID/ns/net"; empty: our own); trouble
// is told what could not be read, and why.
func New(fs proc.FS, netns string, trouble func(what string, err error)) *Finder {
	h, m := newHost(fs, netns, trouble), newMounts(fs)
	return &Finder{
		fs: fs, host: h, locks: newFileLocks(fs, h, m), files: &fileSystems{fs: fs, host: h, mounts: m},
		children: &children{fs: fs, host: h}, futexes: &futexes{fs: fs, host: h},
	}
}

// Close gives back what the Finder has open.
func (f *Finder) Close() { f.host.close() }
