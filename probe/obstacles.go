package probe

import (
	"encoding/binary"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/kernel/memory"
	"github.com/hangtime-dev/hangtime/kernel/proc"
)

// behind finds the other side of the call in which a thread stands still: which lock, pipe, file system or socket, and who has it. nil: there is none, or it cannot be seen.
// It also says whether the thread waits for work, which for some calls only the other side tells.
func (w *watcher) behind(one *worker, f *finding) (_ history.Event, idle bool) {
	c, tid, idle := f.call, f.sample.TID, f.sample.Idle
	if c.Running {
		return nil, idle
	}
	if kind := c.FileLockWait(); kind != "" {
		return w.lockWait(one, tid, kind, c), false
	}
	name := c.Name()
	switch {
	case name == "futex":
		return w.mutexWait(one, tid, c, idle)
	case name == "poll" || name == "ppoll" || name == "select" || name == "pselect6":
		fd, alone := w.polled(one.PID, name, c)
		if !alone {
			return nil, idle
		}
		ev := w.socketWait(one, tid, fd, name)
		if s, ok := ev.(history.SocketWait); ok && s.Remote != "" {
			return s, false // it waits for one answer: that is no loop
		}
		return nil, idle
	case proc.TakesPath(name):
		return w.diskWait(one, f, -1, w.pathArgument(one.PID, name, c)), idle
	case proc.TakesDescriptor(name) && !strings.HasPrefix(name, "epoll") && name != "accept" && name != "accept4":
		return w.descriptorWait(one, f, c.FD(), name), idle
	case c.None && f.sample.State == "D":
		return w.diskWait(one, f, -1, ""), false
	}
	return nil, idle
}

// descriptorWait tells by what the descriptor leads to.
func (w *watcher) descriptorWait(one *worker, f *finding, fd int, name string) history.Event {
	link, err := w.proc.Link(one.PID, fd)
	switch {
	case err != nil:
		return nil
	case strings.HasPrefix(link, "socket:["):
		return w.socketWait(one, f.sample.TID, fd, name)
	case strings.HasPrefix(link, "pipe:["):
		return w.pipeWait(one, f.sample.TID, fd, name, link)
	case !strings.HasPrefix(link, "/") || strings.HasPrefix(link, "/dev/") || strings.HasPrefix(link, "/memfd:"):
		return nil
	case w.proc.IsFIFO(one.PID, fd):
		return w.pipeWait(one, f.sample.TID, fd, name, link)
	}
	return w.diskWait(one, f, fd, strings.TrimSuffix(link, " (deleted)"))
}

// mutexWait is a thread in futex(2). glibc's mutexes have their owner's thread id 8 bytes behind the futex word; what is there for other futexes is no thread of this process.
func (w *watcher) mutexWait(one *worker, tid int, c proc.Call, idle bool) (history.Event, bool) {
	wait := history.MutexWait{PID: one.PID, TID: tid, Address: c.Args[0]}
	var words [12]byte
	err := memory.Read(one.PID, c.Args[0], words[:])
	w.unreadable(err, "the memory of the workers")
	if err == nil {
		lock, owner := binary.NativeEndian.Uint32(words[:]), int(int32(binary.NativeEndian.Uint32(words[8:])))
		if lock != 0 && owner > 0 && owner != tid {
			for _, t := range one.threads.all {
				if t.tid == owner {
					wait.Owner = owner
					return wait, false
				}
			}
		}
	}
	if idle {
		return nil, true
	}
	return wait, false
}

// pipeWait is a thread that reads an empty pipe or writes to a full one.
func (w *watcher) pipeWait(one *worker, tid, fd int, name, link string) history.Event {
	wait := history.PipeWait{PID: one.PID, TID: tid, FD: fd, Op: "read", Fill: -1, Size: -1}
	writes := false
	switch name {
	case "write", "writev", "pwrite64", "sendfile", "splice":
		wait.Op, writes = "write", true
	}
	if info, err := w.proc.FDInfo(one.PID, fd); err == nil {
		wait.Inode = info.Inode
	}
	if inode, ok := proc.PipeInode(link); ok {
		wait.Inode = inode
	}
	if writes { // opening it makes us a reader for a moment; for one that waits to read, that would say nothing
		wait.Fill, wait.Size = w.proc.PipeFill(one.PID, fd)
	}
	for _, end := range w.farEnds(link) {
		mode := end.flags & unix.O_ACCMODE
		if end.pid == one.PID || writes && mode == unix.O_WRONLY || !writes && mode == unix.O_RDONLY {
			continue
		}
		wait.Others = append(wait.Others, w.peer(end.pid))
		if len(wait.Others) == maxPeers {
			break
		}
	}
	return wait
}

// maxPeers bounds the processes that are named at the other end of something.
const maxPeers = 8

func (w *watcher) peer(pid int) history.Peer {
	return history.Peer{PID: pid, Command: w.proc.Command(pid)}
}

// pathArgument reads the path that such a call was given; empty: it cannot be read, or is relative to a folder.
func (w *watcher) pathArgument(pid int, name string, c proc.Call) string {
	address := c.Args[proc.PathArgument(name)]
	buf := make([]byte, 4096)
	// It may end right before a page that is not there.
	n := len(buf) - int(address%4096)
	if memory.Read(pid, address, buf[:n]) != nil {
		return ""
	}
	path, _, ended := strings.Cut(string(buf[:n]), "\x00")
	if !ended || !strings.HasPrefix(path, "/") {
		return ""
	}
	return path
}

// diskWait is a thread that waits for a file system.
func (w *watcher) diskWait(one *worker, f *finding, fd int, path string) history.Event {
	wait := history.DiskWait{PID: one.PID, TID: f.sample.TID, Op: f.call.Name(), Path: path}
	mounts := w.mounts.of(one.PID)
	m, found := proc.Mount{}, false
	if fd >= 0 {
		if info, err := w.proc.FDInfo(one.PID, fd); err == nil {
			m, found = mountOf(mounts, info.Mount)
		}
	}
	if !found && path != "" {
		m, found = proc.Under(mounts, path)
	}
	for _, frame := range append([]string{f.sample.Wchan}, f.sample.Stack...) {
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
		wait.Servers = w.fuseServers(m)
	}
	return wait
}

// fuseServers are the processes that answer for a FUSE mount: those that have /dev/fuse open, for its connection where the kernel says so.
func (w *watcher) fuseServers(m proc.Mount) []history.Peer {
	var named, all []history.Peer
	for _, end := range w.farEnds("/dev/fuse") {
		info, err := w.proc.FDInfo(end.pid, end.fd)
		switch {
		case len(all) >= maxPeers || err != nil:
		case info.FUSE >= 0 && info.FUSE == m.Minor:
			named = append(named, w.peer(end.pid))
		case info.FUSE < 0:
			all = append(all, w.peer(end.pid))
		}
	}
	if len(named) > 0 {
		return named
	}
	return all
}

// polled is the descriptor that a poll or select waits for, where it waits for one alone.
func (w *watcher) polled(pid int, name string, c proc.Call) (fd int, alone bool) {
	switch name {
	case "poll", "ppoll":
		if c.Args[1] != 1 {
			return 0, false
		}
		var one [8]byte // struct pollfd
		if memory.Read(pid, c.Args[0], one[:]) != nil {
			return 0, false
		}
		fd = int(int32(binary.NativeEndian.Uint32(one[:])))
		return fd, fd >= 0
	}
	// Of select the sets of those to be read, and to be written.
	n := int(min(c.Args[0], 1024))
	found := -1
	for _, address := range c.Args[1:3] {
		if address == 0 || n <= 0 {
			continue
		}
		set := make([]byte, (n+63)/64*8)
		if memory.Read(pid, address, set) != nil {
			return 0, false
		}
		for i := range n {
			if set[i/8]>>(i%8)&1 == 0 || i == found {
				continue
			}
			if found >= 0 {
				return 0, false
			}
			found = i
		}
	}
	return found, found >= 0
}
