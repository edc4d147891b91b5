package waits

import (
	"strings"

	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/kernel/proc"
)

// fileSystems finds the mounts that threads wait for, and who answers for them.
type fileSystems struct {
	fs     proc.FS
	host   *host
	mounts *mounts
}

// behind is a thread that waits for a file system: of the file behind a descriptor, or at a path.
func (d *fileSystems) behind(s Subject, fd int, path string) history.Event {
	wait := history.DiskWait{PID: s.PID, TID: s.TID, Op: s.Call.Name(), Path: path}
	if s.Call.None {
		wait.Op = ""
	}
	all := d.mounts.of(s.PID)
	var m proc.Mount
	found := false
	if fd >= 0 {
		if info, err := d.fs.Descriptor(s.PID, fd).Info(); err == nil {
			m, found = mountOf(all, info.Mount)
			if !found { // a file system of the kernel's own, or one that was unmounted while it was used
				path = ""
			}
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
		wait.Servers = d.fuseServers(m)
	}
	return wait
}

// fuseServers are the processes that answer for a FUSE mount: those that have /dev/fuse open, for its connection where
// the kernel says so.
func (d *fileSystems) fuseServers(m proc.Mount) []history.Peer {
	var named, all []history.Peer
	for _, one := range d.host.endsOf("/dev/fuse") {
		info, err := d.fs.Descriptor(one.pid, one.fd).Info()
		switch {
		case len(all) >= maxPeers || err != nil:
		case info.FUSE >= 0 && info.FUSE == m.Minor:
			named = append(named, d.host.peer(one.pid))
		case info.FUSE < 0:
			all = append(all, d.host.peer(one.pid))
		}
	}
	if len(named) > 0 {
		return named
	}
	return all
}
