package waits

import (
	"slices"
	"strings"
	"time"

	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/kernel/proc"
)

// disk is a thread that waits for a file system: of the file behind a descriptor, or at a path.
func (f *Finder) disk(s Subject, fd int, path string) history.Event {
	wait := history.DiskWait{PID: s.PID, TID: s.TID, Op: s.Call.Name(), Path: path}
	if s.Call.None {
		wait.Op = ""
	}
	all := f.mounts.of(s.PID)
	var m proc.Mount
	found := false
	if fd >= 0 {
		if info, err := f.fs.FDInfo(s.PID, fd); err == nil {
			m, found = mountOf(all, info.Mount)
		}
	}
	if !found && path != "" {
		m, found = proc.Under(all, path)
	}
	for _, frame := range append([]string{s.Wchan}, s.Stack...) {
		wait.Frozen = wait.Frozen || strings.Contains(frame, "percpu_rwsem_wait")
	}
	if !found {
		if path == "" && !wait.Frozen {
			return nil
		}
		return wait
	}
	wait.Mount, wait.Type, wait.Source = m.Point, m.Type, m.Source
	if strings.HasPrefix(m.Type, "fuse") {
		wait.Servers = f.fuseServers(m)
	}
	return wait
}

// fuseServers are the processes that answer for a FUSE mount: those that have /dev/fuse open, for its connection where the kernel says so.
func (f *Finder) fuseServers(m proc.Mount) []history.Peer {
	var named, all []history.Peer
	for _, one := range f.host.endsOf("/dev/fuse") {
		info, err := f.fs.FDInfo(one.pid, one.fd)
		switch {
		case len(all) >= maxPeers || err != nil:
		case info.FUSE >= 0 && info.FUSE == m.Minor:
			named = append(named, f.host.peer(one.pid))
		case info.FUSE < 0:
			all = append(all, f.host.peer(one.pid))
		}
	}
	if len(named) > 0 {
		return named
	}
	return all
}

// mounts has what processes see mounted. The workers of one server see the same.
type mounts struct {
	fs        proc.FS
	namespace uint64 // that these are of; 0: it may not be read
	pid       int    // whose they are
	at        time.Time
	all       []proc.Mount
}

func newMounts(fs proc.FS) *mounts { return &mounts{fs: fs} }

// mountLife is how long a table stands.
const mountLife = 5 * time.Second

func (t *mounts) of(pid int) []proc.Mount {
	namespace, err := t.fs.Namespace(pid, "mnt")
	if err != nil {
		namespace = 0
	}
	same := namespace != 0 && namespace == t.namespace || pid == t.pid && namespace == t.namespace
	if t.all != nil && same && time.Since(t.at) < mountLife {
		return t.all
	}
	all, err := t.fs.Mounts(pid)
	if err != nil {
		return nil
	}
	t.all, t.namespace, t.pid, t.at = all, namespace, pid, time.Now()
	return t.all
}

// mountOf is the one with a number.
func mountOf(all []proc.Mount, id int) (proc.Mount, bool) {
	i := slices.IndexFunc(all, func(m proc.Mount) bool { return m.ID == id })
	if i < 0 {
		return proc.Mount{}, false
	}
	return all[i], true
}
