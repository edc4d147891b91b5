package waits

import (
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/hangtime-dev/hangtime/kernel/proc"
	"github.com/hangtime-dev/hangtime/kernel/sockdiag"
)

// A memberKind is what a descriptor is to the thread that waits for it.
type memberKind int

const (
	ofFile     memberKind = iota
	ofListener            // a listening socket: of the server
	ofClient              // a connection accepted on one of the server's ports
	ofPeer                // a connection to somebody else
	ofParent              // the way to the process's parent, or arbiter
	ofChild               // a pipe or socket to a process that it started, or a pidfd
	ofPipe                // another pipe
	ofTerminal            //
	ofWakeUp              // eventfd, signalfd, pipe or socket pair with both ends in the process
	ofTimer               //
)

// tells orders kinds by how much they say of why a thread waits.
func (k memberKind) tells() int {
	switch k {
	case ofChild:
		return 6
	case ofPeer:
		return 5
	case ofTerminal:
		return 4
	case ofPipe:
		return 3
	case ofClient:
		return 2
	}
	return 0
}

// A member is a descriptor that a thread waits for.
type member struct {
	fd     int
	kind   memberKind
	link   string
	inode  uint64
	writes bool
	socket uint32 // its inode, of a socket
	child  int    // of ofChild: whose it is
}

// member tells what a descriptor is.
func (h *host) member(pid, fd int, link string, server Server) member {
	m := member{fd: fd, link: link}
	if link == "" {
		var err error
		if m.link, err = h.fs.Descriptor(pid, fd).Link(); err != nil {
			return m
		}
	}
	if inode, ok := proc.SocketInode(m.link); ok {
		m.socket, m.inode = inode, uint64(inode)
		h.socketMember(pid, &m, server)
		return m
	}
	if inode, ok := proc.PipeInode(m.link); ok {
		m.inode = inode
		h.pipeMember(pid, &m, server)
		return m
	}
	switch link := m.link; {
	case startsWithAny(link, "anon_inode:[eventfd", "anon_inode:[signalfd", "anon_inode:inotify"):
		m.kind = ofWakeUp
	case strings.HasPrefix(link, "anon_inode:[timerfd"):
		m.kind = ofTimer
	case strings.HasPrefix(link, "anon_inode:[pidfd"):
		m.kind = ofChild
		if info, err := h.fs.Descriptor(pid, fd).Info(); err == nil {
			m.child = info.PID
		}
	case strings.HasPrefix(link, "/dev/pts/"), strings.HasPrefix(link, "/dev/tty"), link == "/dev/console":
		m.kind = ofTerminal
	case strings.HasPrefix(link, "/") && !strings.HasPrefix(link, "/dev/") && h.fs.Descriptor(pid, fd).IsFIFO():
		m.kind = ofPipe
	}
	return m
}

func startsWithAny(link string, prefixes ...string) bool {
	return slices.ContainsFunc(prefixes, func(one string) bool { return strings.HasPrefix(link, one) })
}

// socketMember tells a listener from a client, a wake-up, the parent and others.
func (h *host) socketMember(pid int, m *member, server Server) {
	m.kind = ofPeer
	if server.Listening[m.socket] {
		m.kind = ofListener
		return
	}
	t, err := h.table()
	if err != nil {
		return
	}
	if flow, ok := t.flows[m.socket]; ok {
		switch {
		case flow.State == sockdiag.Listen:
			m.kind = ofListener
		case flow.Protocol == "tcp" && server.Ports[flow.Local.Port()]:
			m.kind = ofClient
		case flow.Protocol == "udp" && !flow.Remote.IsValid():
			m.kind = ofFile // it waits for whoever comes
		}
		return
	}
	one, ok := t.unix[m.socket]
	switch {
	case !ok:
		return
	case one.State == sockdiag.Listen:
		m.kind = ofListener
	case one.Name != "" && server.Names[one.Name]:
		m.kind = ofClient
	case one.Peer != 0:
		m.kind, m.child = h.relation(pid, h.endsOf("socket:["+strconv.FormatUint(uint64(one.Peer), 10)+"]"), server)
	}
}

// pipeMember tells whose other end it is.
func (h *host) pipeMember(pid int, m *member, server Server) {
	var others []end
	mine := uint64(unix.O_RDONLY)
	if info, err := h.fs.Descriptor(pid, m.fd).Info(); err == nil {
		mine = info.Flags & unix.O_ACCMODE
	}
	for _, one := range h.endsOf(m.link) {
		if one.flags&unix.O_ACCMODE != mine || one.flags&unix.O_ACCMODE == unix.O_RDWR {
			others = append(others, one)
		}
	}
	if m.kind, m.child = h.relation(pid, others, server); m.kind == ofPeer {
		m.kind = ofPipe
	}
}

// relation says who has the other end: the process alone, its parent, a child, or somebody else.
func (h *host) relation(pid int, others []end, server Server) (kind memberKind, child int) {
	stat, err := h.fs.Stat(pid)
	if err != nil {
		return ofPeer, 0
	}
	kind = ofWakeUp
	if len(others) == 0 {
		return ofPeer, 0 // nobody that may be seen
	}
	for _, one := range others {
		switch parent := h.parent(one.pid); {
		case one.pid == pid:
		case parent == pid || h.parent(parent) == pid:
			return ofChild, one.pid
		case one.pid == stat.Parent || one.pid == server.Arbiter:
			kind = ofParent
		case kind == ofWakeUp && slices.Contains(server.Workers, one.pid):
			kind = ofWakeUp // inherited over a fork: the wake-up of one that was made before it
		case kind == ofWakeUp:
			kind = ofPeer
		}
	}
	return kind, 0
}
