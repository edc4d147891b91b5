package probe

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/hangtime-dev/hangtime/kernel/proc"
	"github.com/hangtime-dev/hangtime/kernel/sockdiag"
)

// A Hint says which server is meant; one of its fields is set.
type Hint struct {
	PID     int    // of its arbiter, of a worker, or of what started the arbiter
	Pidfile string // holds that pid
	Port    int    // TCP port where it listens
	Socket  string // path of the unix socket where it listens
}

// Find finds the server that is meant: its arbiter, and where it listens. An error says what was looked for and what would be right.
func Find(h Hint) (Target, error) { return find("/proc", h) }

func find(p proc.FS, h Hint) (Target, error) {
	switch {
	case h.Pidfile != "":
		pid, err := readPidfile(h.Pidfile)
		if err != nil {
			return Target{}, err
		}
		return findPID(p, pid)
	case h.PID != 0:
		return findPID(p, h.PID)
	}
	listening, err := listeners()
	if err != nil {
		return Target{}, err
	}
	want := func(l listener) bool { return l.port == h.Port && h.Port != 0 }
	what := fmt.Sprintf("port %d", h.Port)
	if h.Socket != "" {
		want = func(l listener) bool { return l.address == "unix:"+h.Socket }
		what = h.Socket
	}
	return findListener(p, listening, want, what)
}

func readPidfile(path string) (int, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return 0, fmt.Errorf("read the pidfile: %w", err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil || pid <= 0 {
		return 0, fmt.Errorf("pidfile %s: want a process number, got %.40q", path, text)
	}
	return pid, nil
}

// A listener is a listening socket of this machine.
type listener struct {
	inode   uint32
	port    int // 0: a unix socket
	address string
}

func listeners() (map[uint32]listener, error) {
	conn, err := sockdiag.Open("")
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	all := map[uint32]listener{}
	err = conn.Flows("tcp", 1<<sockdiag.Listen, func(f sockdiag.Flow) error {
		all[f.Inode] = listener{f.Inode, int(f.Local.Port()), f.Local.String()}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the listening sockets: %w", err)
	}
	err = conn.UnixSockets(1<<sockdiag.Listen, func(s sockdiag.UnixSocket) error {
		if s.Name != "" {
			all[s.Inode] = listener{s.Inode, 0, "unix:" + s.Name}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the listening unix sockets: %w", err)
	}
	delete(all, 0)
	return all, nil
}

// owned are the listeners that a process has open, by inode.
func owned(p proc.FS, pid int, all map[uint32]listener) []listener {
	var out []listener
	fds, _ := p.FDs(pid)
	for _, fd := range fds {
		link, err := p.Link(pid, fd)
		if err != nil {
			continue
		}
		if inode, ok := proc.SocketInode(link); ok {
			if l, listens := all[inode]; listens && !slices.Contains(out, l) {
				out = append(out, l)
			}
		}
	}
	return out
}

// maxDescent bounds how far below a given pid its arbiter is sought, as below a shell or a supervisor.
const maxDescent = 5

func findPID(p proc.FS, pid int) (Target, error) {
	if _, err := p.Stat(pid); err != nil {
		if errors.Is(err, os.ErrNotExist) {
			return Target{}, fmt.Errorf("process %d: there is none (any more)", pid)
		}
		return Target{}, fmt.Errorf("process %d: %w", pid, err)
	}
	all, err := listeners()
	if err != nil {
		return Target{}, err
	}
	for range maxDescent {
		mine := owned(p, pid, all)
		children, _ := p.Children(pid)
		shared, heirs := listener{}, 0
		for _, child := range children {
			if theirs := owned(p, child, all); len(theirs) > 0 {
				heirs++
				if shared.inode == 0 {
					shared = theirs[0]
				}
				for _, l := range theirs { // of many the one that the arbiter has too, and before a unix socket a port
					if slices.Contains(mine, l) && (shared.port == 0 && l.port != 0 || !slices.Contains(mine, shared)) {
						shared = l
					}
				}
			}
		}
		switch {
		case heirs > 0 && (len(mine) > 0 || heirs > 1):
			return Target{Arbiter: pid, Address: shared.address}, nil
		case len(mine) > 0:
			if s, err := p.Stat(pid); err == nil { // a worker: its arbiter has the same socket, or started several that listen
				if theirs := owned(p, s.Parent, all); slices.ContainsFunc(theirs, func(l listener) bool { return slices.Contains(mine, l) }) {
					pid = s.Parent
					continue
				}
			}
			return Target{Arbiter: pid, Address: best(mine).address, Single: true}, nil
		case len(children) == 1:
			pid = children[0]
			continue
		case len(children) > 1: // workers that do not listen, as those of a queue; or descriptors that may not be read
			return Target{Arbiter: pid}, nil
		}
		return Target{Arbiter: pid, Single: true}, nil
	}
	return Target{}, fmt.Errorf("process %d: no server was found at it or below it", pid)
}

// best is a port rather than a unix socket, and the lowest.
func best(all []listener) listener {
	return slices.MinFunc(all, func(a, b listener) int {
		if (a.port == 0) != (b.port == 0) {
			if a.port == 0 {
				return 1
			}
			return -1
		}
		return a.port - b.port
	})
}

func findListener(p proc.FS, all map[uint32]listener, want func(listener) bool, what string) (Target, error) {
	chosen := map[uint32]listener{}
	address := ""
	for inode, l := range all {
		if want(l) {
			chosen[inode] = l
			address = l.address
		}
	}
	if len(chosen) == 0 {
		return Target{}, fmt.Errorf("%s: nothing listens there in this network namespace", what)
	}
	pids, err := p.PIDs()
	if err != nil {
		return Target{}, err
	}
	owners := map[int]int{} // pid → parent
	for _, pid := range pids {
		if len(owned(p, pid, chosen)) > 0 {
			if s, err := p.Stat(pid); err == nil {
				owners[pid] = s.Parent
			}
		}
	}
	if len(owners) == 0 {
		return Target{}, fmt.Errorf("%s: something listens there, but its process may not be seen; run hangtime as the server's user or as root, or give --pid", what)
	}
	var tops []int
	for pid, parent := range owners {
		if _, within := owners[parent]; !within {
			tops = append(tops, pid)
		}
	}
	slices.Sort(tops)
	if _, err := netip.ParseAddrPort(address); err != nil && !strings.HasPrefix(address, "unix:") {
		return Target{}, fmt.Errorf("%s: the address %q is none", what, address)
	}
	if len(tops) == 1 {
		return Target{Arbiter: tops[0], Address: address, Single: len(owners) == 1}, nil
	}
	// Each worker binds its own socket (SO_REUSEPORT) and the arbiter has none.
	parent := owners[tops[0]]
	for _, pid := range tops {
		if owners[pid] != parent {
			return Target{}, fmt.Errorf("%s: %d processes without a common parent listen there; give --pid of the one that is meant", what, len(tops))
		}
	}
	return Target{Arbiter: parent, Address: address}, nil
}
