package discovery

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/hangtime-dev/hangtime/input"
	"github.com/hangtime-dev/hangtime/kernel/clock"
	"github.com/hangtime-dev/hangtime/kernel/proc"
	"github.com/hangtime-dev/hangtime/probe/listeners"
)

// A Hint says which server is meant; one of its fields is set.
type Hint struct {
	PID     int    // of its arbiter, of a worker, or of what started the arbiter
	Pidfile string // holds that pid
	Port    int    // TCP port where it listens
	Socket  string // path of the unix socket where it listens
}

// Find finds the server that is meant: its arbiter, and where it listens. An error says what was looked for and what
// would be right.
func Find(h Hint) (Target, error) { return find("/proc", h) }

const (
	// justStarted is how old a process is whose workers may still come: a pre-forking server listens some milliseconds
	// before its first worker is there.
	justStarted = 5 * time.Second
	// alone is for how long such a one is to be the only process before it is held to stay so.
	alone    = 500 * time.Millisecond
	lookHere = 50 * time.Millisecond
)

// FindSettled is Find of a server that may have been started a moment ago: it waits for half a second, or until ctx
// ends, where the server seems to be one process so far.
func FindSettled(ctx context.Context, h Hint) (Target, error) {
	for end := time.Now().Add(alone); ; {
		t, err := Find(h)
		if err != nil || !t.Single || time.Now().After(end) || !Young(t.Arbiter) {
			return t, err
		}
		select {
		case <-ctx.Done():
			return Target{}, context.Cause(ctx)
		case <-time.After(lookHere):
		}
	}
}

// Young says whether a process was started a moment ago, so that its workers may still come.
func Young(pid int) bool {
	s, err := proc.FS("/proc").Stat(pid)
	return err == nil && clock.Boot()-proc.Ticks(s.Start) <= justStarted
}

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
	listening, err := listeners.All("")
	if err != nil {
		return Target{}, err
	}
	want := func(l listeners.Socket) bool { return l.Port == h.Port && h.Port != 0 }
	what := fmt.Sprintf("port %d", h.Port)
	if h.Socket != "" {
		want = func(l listeners.Socket) bool { return l.Address == "unix:"+h.Socket }
		what = h.Socket
	}
	target, err := findListener(p, listening, want, what)
	if err != nil {
		return Target{}, err
	}
	return target.whole(p, listening), nil
}

// mostPidfile is far above what a process number takes.
const mostPidfile = 4096

func readPidfile(path string) (int, error) {
	text, err := input.ReadFile(path, mostPidfile)
	if err != nil {
		return 0, fmt.Errorf("read the pidfile: %w", err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil || pid <= 0 {
		return 0, fmt.Errorf("pidfile %s: want a process number, got %.40q", path, text)
	}
	return pid, nil
}

func findPID(p proc.FS, pid int) (Target, error) {
	if _, err := p.Stat(pid); err != nil {
		if errors.Is(err, os.ErrNotExist) {
			return Target{}, fmt.Errorf("process %d: there is none (any more)", pid)
		}
		return Target{}, fmt.Errorf("process %d: %w", pid, err)
	}
	netns := netnsOf(p, pid)
	all, err := listeners.All(netns)
	if err != nil && netns != "" {
		return Target{}, fmt.Errorf("process %d is in another network namespace, and its sockets may not be read from here: %w "+
			"(run hangtime as root, or inside of that namespace)", pid, err)
	}
	if err != nil {
		return Target{}, err
	}
	target, err := descend(p, netns, pid, 0, all)
	if err != nil {
		return Target{}, err
	}
	target.Netns = netns
	return target.whole(p, all), nil
}

// whole adds what else belongs to a server that is found: the servers behind it, and all addresses.
func (t Target) whole(p proc.FS, all map[uint32]listeners.Socket) Target {
	t.Behind = serversBehind(p, t, all)
	t.Others = others(p, t, all)
	return t.judged(p).asked(p, all)
}

// asked names as its address where the front of a server listens, if it is found to have one.
func (t Target) asked(p proc.FS, all map[uint32]listeners.Socket) Target {
	if t.Single {
		return t
	}
	for _, one := range fronts(p, t, all) {
		if i := slices.Index(t.Others, one.address); i >= 0 {
			t.Others[i], t.Address = t.Address, one.address
			slices.Sort(t.Others)
		}
	}
	return t
}

// serversBehind are those behind one that is found, and those that a process has started which is none itself.
func serversBehind(p proc.FS, t Target, all map[uint32]listeners.Socket) (servers []Target) {
	children, _ := p.Children(t.Arbiter)
	_, pids := apart(p, t.Netns, t.Arbiter, children, all)
	if len(pids) == 0 {
		pids = started(p, t.Arbiter, children, all)
	}
	for _, pid := range pids {
		one, err := descend(p, t.Netns, pid, t.Arbiter, all)
		if err != nil || one.Arbiter == t.Arbiter {
			continue // it has ended meanwhile
		}
		one.Netns = t.Netns
		one.Behind = serversBehind(p, one, all)
		servers = append(servers, one.judged(p))
	}
	return servers
}

// judged says whether the arbiter takes connections itself, alone or beside its children, where it may have some.
func (t Target) judged(p proc.FS) Target {
	if t.Single || t.Address == "" {
		return t
	}
	is := takingAt(p, t.Netns, []string{t.Address}) // and no other: gunicorn's arbiter has one for commands
	children, _ := p.Children(t.Arbiter)
	if is.byItself(t.Arbiter, children) {
		t.Serves = slices.ContainsFunc(children, func(child int) bool { return is.Child(child, t.Arbiter) })
		t.Single = !t.Serves
	}
	return t
}

// netnsOf is the network namespace of a process as a path; empty where it is our own, or cannot be told.
func netnsOf(p proc.FS, pid int) string {
	own, err := p.OwnNamespace("net")
	if err != nil {
		return ""
	}
	theirs, err := p.Namespace(pid, "net")
	if err != nil || theirs == own {
		return ""
	}
	return p.Path(pid, "ns/net")
}

// descend finds the arbiter at a process, above it where it is a worker, or below it where it only started the arbiter;
// but not so high as top, which is another server's.
func descend(p proc.FS, netns string, pid, top int, all map[uint32]listeners.Socket) (Target, error) {
	for range maxDescent {
		mine := listeners.Of(p, pid, all)
		children, _ := p.Children(pid)
		if own, servers := apart(p, netns, pid, children, all); len(servers) > 0 {
			rest := slices.DeleteFunc(slices.Clone(children), func(child int) bool { return slices.Contains(servers, child) })
			return Target{Arbiter: pid, Address: best(own).Address, Single: !runsSameProgram(p, pid, rest)}, nil
		}
		if len(started(p, pid, children, all)) > 0 {
			return Target{Arbiter: pid}, nil
		}
		shared, serving, only := listeners.Socket{}, 0, 0
		for _, child := range children {
			if theirs := listeners.Of(p, child, all); len(theirs) > 0 {
				serving, only = serving+1, child
				if shared.Inode == 0 {
					shared = theirs[0]
				}
				for _, l := range theirs { // of many the one that the arbiter has too, and before a unix socket a port
					if slices.Contains(mine, l) && (shared.Port == 0 && l.Port != 0 || !slices.Contains(mine, shared)) {
						shared = l
					}
				}
			}
		}
		switch {
		case serving == 1 && len(mine) > 0 && holdsFor(p, netns, pid, only, shared):
			pid = only
			continue
		case serving > 0 && (len(mine) > 0 || serving > 1):
			return Target{Arbiter: pid, Address: shared.Address}, nil
		case len(mine) > 0:
			if parent, is := arbiterOf(p, pid, mine, all); is && parent != top {
				pid = parent
				continue
			}
			// Its children may be workers that have not come so far as to listen, or that get each connection from it.
			return Target{Arbiter: pid, Address: best(mine).Address, Single: !runsSameProgram(p, pid, children)}, nil
		case len(children) > 0 && runsSameProgram(p, pid, children):
			// Workers that do not listen, as those of a queue; or descriptors that may not be read.
			return Target{Arbiter: pid}, nil
		case len(children) > 0 && runsCommands(p, netns, pid, all):
			return Target{Arbiter: pid, Single: true}, nil
		case len(children) == 1:
			pid = children[0]
			continue
		case len(children) > 1:
			return Target{Arbiter: pid}, nil
		}
		return Target{Arbiter: pid, Single: true}, nil
	}
	return Target{}, fmt.Errorf("process %d: no server was found at it or below it", pid)
}

// maxAddresses bounds at how many addresses a server is followed.
const maxAddresses = 8

// others are the addresses beside the one that was named at which processes of the server, or of those behind it, listen.
// Where its workers share the one that was named, a child that has not that one and listens elsewhere all alone, as the
// process of multiprocessing's manager does, serves them and not the server's clients.
func others(p proc.FS, target Target, all map[uint32]listeners.Socket) []string {
	holders := map[string][]int{} // by address
	for _, pid := range mayListen(p, target) {
		for _, l := range listeners.Of(p, pid, all) {
			holders[l.Address] = append(holders[l.Address], pid)
		}
	}
	children, _ := p.Children(target.Arbiter)
	for _, one := range target.Behind {
		children = slices.DeleteFunc(children, func(pid int) bool { return pid == one.Arbiter })
	}
	isChild := func(pid int) bool { return slices.Contains(children, pid) }
	named := holders[target.Address]
	var out []string
	for _, address := range slices.Sorted(maps.Keys(holders)) {
		has := holders[address]
		if address == target.Address || len(out) >= maxAddresses-1 {
			continue
		}
		if len(has) == 1 && isChild(has[0]) && !slices.Contains(named, has[0]) && slices.ContainsFunc(named, isChild) {
			continue
		}
		out = append(out, address)
	}
	slices.Sort(out)
	return out
}

// mayListen are those of a server, and of the servers behind it, that may listen.
func mayListen(p proc.FS, t Target) []int {
	pids := []int{t.Arbiter}
	if !t.Single {
		children, _ := p.Children(t.Arbiter)
		pids = append(pids, children...)
	}
	for _, one := range t.Behind {
		pids = append(pids, mayListen(p, one)...)
	}
	return pids
}

// best is a port rather than a unix socket, and the lowest.
func best(all []listeners.Socket) listeners.Socket {
	return slices.MinFunc(all, func(a, b listeners.Socket) int {
		if (a.Port == 0) != (b.Port == 0) {
			if a.Port == 0 {
				return 1
			}
			return -1
		}
		return a.Port - b.Port
	})
}
