package waits

import (
	"encoding/binary"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/hangtime-dev/hangtime/kernel/memory"
	"github.com/hangtime-dev/hangtime/kernel/proc"
)

// isSet says whether a call waits for any of a set of descriptors.
func isSet(name string) bool {
	switch name {
	case "poll", "ppoll", "select", "pselect6", "epoll_wait", "epoll_pwait", "epoll_pwait2":
		return true
	}
	return false
}

// maxSet bounds how many descriptors of a set are looked at. An event loop may have thousands; that it is one shows in
// far fewer.
const maxSet = 256

// A watched is one descriptor of a set, and whether it is waited for to be written to.
type watched struct {
	fd     int
	writes bool
	edge   bool   // of an epoll set: told when something changes, not as long as there is something
	inode  uint64 // of an epoll set: of the file itself, for its number may be another's by now; 0: not known
}

// watchedBy are the descriptors that a call waits for; false: they cannot be read.
func watchedBy(fs proc.FS, pid int, c proc.Call) (all []watched, ok bool) {
	switch name := c.Name(); name {
	case "poll", "ppoll":
		return pollSet(pid, c)
	case "select", "pselect6":
		return selectSet(pid, c)
	default:
		info, err := fs.Descriptor(pid, c.FD()).Info()
		if err != nil {
			return nil, false
		}
		for _, one := range info.Epoll[:min(len(info.Epoll), maxSet)] {
			if one.Events&(unix.EPOLLIN|unix.EPOLLOUT|unix.EPOLLPRI|unix.EPOLLRDHUP) == 0 {
				continue // switched off, as of a one-shot that has fired
			}
			all = append(all, watched{fd: one.FD, writes: one.Events&unix.EPOLLIN == 0 && one.Events&unix.EPOLLOUT != 0,
				edge: one.Events&unix.EPOLLET != 0, inode: one.Inode})
		}
		return all, true
	}
}

// pollSet reads an array of struct pollfd (poll(2)).
func pollSet(pid int, c proc.Call) ([]watched, bool) {
	n := min(c.Args[1], maxSet)
	if n == 0 {
		return nil, true
	}
	raw := make([]byte, 8*n)
	if memory.Read(pid, c.Args[0], raw) != nil {
		return nil, false
	}
	var all []watched
	for i := range n {
		fd := int(int32(binary.NativeEndian.Uint32(raw[8*i:])))
		events := binary.NativeEndian.Uint16(raw[8*i+4:])
		if fd >= 0 {
			all = append(all, watched{fd: fd, writes: events&unix.POLLIN == 0 && events&unix.POLLOUT != 0})
		}
	}
	return all, true
}

// selectSet reads the sets of those to be read and to be written (select(2)); that of exceptions is not waited for by
// anybody alone.
func selectSet(pid int, c proc.Call) ([]watched, bool) {
	n := int(min(c.Args[0], 1024))
	var all []watched
	for k, address := range c.Args[1:3] {
		if address == 0 || n <= 0 {
			continue
		}
		set := make([]byte, (n+63)/64*8)
		if memory.Read(pid, address, set) != nil {
			return nil, false
		}
		for i := range n {
			if set[i/8]>>(i%8)&1 == 1 && len(all) < maxSet {
				all = append(all, watched{fd: i, writes: k == 1})
			}
		}
	}
	return all, true
}

// onlyListens says whether a set holds listening sockets and the process's own wake-ups, and nothing else.
func (f *Finder) onlyListens(pid int, all []watched, server Server) bool {
	return !slices.ContainsFunc(all, func(one watched) bool {
		kind := f.host.member(pid, one.fd, "", server).kind
		return kind != ofListener && kind != ofWakeUp && kind != ofTimer
	})
}

// set tells what a thread that waits for a set of descriptors waits for. A set that holds the listening socket waits
// for work. The process's own wake-ups (an eventfd, a pipe to itself) are left out, for nobody waits for these alone;
// the rest decides.
func (f *Finder) set(a *Answer, s Subject, server Server) {
	all, ok := watchedBy(f.fs, s.PID, s.Call)
	loop := strings.HasPrefix(s.Call.Name(), "epoll")
	if !ok {
		return
	}
	var rest []member
	kinds := map[memberKind]int{}
	for _, one := range all {
		m := f.host.member(s.PID, one.fd, "", server)
		if one.inode != 0 && m.inode != 0 && m.inode != one.inode {
			continue // another file has this number now
		}
		m.writes = one.writes
		kinds[m.kind]++
		switch m.kind {
		case ofListener:
			a.Idle, a.For = true, forConnections
			a.Only = !loop && f.onlyListens(s.PID, all, server)
			return
		case ofWakeUp, ofTimer:
		default:
			rest = append(rest, m)
		}
	}
	clients := kinds[ofClient]
	switch {
	case clients == 0 && len(server.Clients) > 0 && len(s.Threads) == 1 && len(rest) == kinds[ofParent]:
		a.For = forOther
		return
	case len(all) == 0 && !loop:
		return // a sleep by poll or select
	case len(rest) == 0 || clients > 1 || clients == 1 && (loop || len(rest) > 1):
		a.Idle, a.For = true, forEvents
		return
	case len(rest) == kinds[ofParent]:
		a.Idle, a.For = true, forParent
		return
	case loop && kinds[ofChild] == 0 && len(rest) > kinds[ofTerminal]+kinds[ofPipe]:
		// A loop with connections of its own to others: what it owes to whom is said of the whole process. With one alone
		// it may be a call's own loop, which waits for that.
		a.Idle, a.For = true, forEvents
		if len(rest) > 1 {
			return
		}
	}
	best := rest[0]
	for _, m := range rest {
		if m.kind.tells() > best.kind.tells() {
			best = m
		}
	}
	op := s.Call.Name()
	a.Event = f.event(s, best, op, len(rest)-1, server)
}
