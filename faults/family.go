package faults

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// markName is the environment variable by which a server's processes are known, however they were started and whoever
// their parent is by now.
const markName = "HANGTIME_GUARDED_BY"

// A family is a server's processes: its arbiter and all that descends from it. An orphan has lost its parent: it is
// known by its environment, by the process group or session that the arbiter made, or because it was seen before.
type family struct {
	mark    string // the environment entry
	leaders []process
	known   map[process]bool
}

func newFamily(mark string) *family { return &family{mark: mark, known: map[process]bool{}} }

// found adds an arbiter. It leads a process group where hangtime started it.
func (f *family) found(p process) {
	f.leaders = append(f.leaders, p)
	f.known[p] = true
}

func (f *family) forget() {
	f.leaders = nil
	clear(f.known)
}

// look finds those that run now; zombies do not.
func (f *family) look() ([]process, error) {
	all, err := everyone()
	if err != nil {
		return nil, err
	}
	starts := map[int]uint64{}
	for _, s := range all {
		starts[s.PID] = s.Start
	}
	member := map[int]bool{}
	for _, s := range all {
		if f.known[s.process] || f.led(s, starts) || f.marked(s.PID) {
			member[s.PID] = true
		}
	}
	// A child may stand before its parent in the list: until nothing changes.
	for grown := true; grown; {
		grown = false
		for _, s := range all {
			if !member[s.PID] && member[s.stat.Parent] {
				member[s.PID], grown = true, true
			}
		}
	}
	clear(f.known)
	var alive []process
	for _, s := range all {
		if member[s.PID] && s.PID != os.Getpid() {
			f.known[s.process] = true
			if !s.dead() {
				alive = append(alive, s.process)
			}
		}
	}
	return alive, nil
}

// led says whether a process is in the group or session of an arbiter. Its number is not given to another while the
// group has members; where another has it by now, the group is that one's.
func (f *family) led(s status, starts map[int]uint64) bool {
	for _, l := range f.leaders {
		start, alive := starts[l.PID]
		if (s.stat.Group == l.PID || s.stat.Session == l.PID) && s.Start >= l.Start && (!alive || start == l.Start) {
			return true
		}
	}
	return false
}

func (f *family) marked(pid int) bool {
	if f.mark == "" {
		return false
	}
	environ, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid))
	if err != nil {
		return false // ended, a kernel thread, or another user's
	}
	for entry := range bytes.SplitSeq(environ, []byte{0}) {
		if string(entry) == f.mark {
			return true
		}
	}
	return false
}

// end kills all of the family until none is left: a new one may be born while the others die.
func (f *family) end(limit time.Duration) error {
	for deadline := time.Now().Add(limit); ; time.Sleep(step) {
		alive, err := f.look()
		if err != nil {
			return err
		}
		if len(alive) == 0 {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%d processes of the server did not end within %v of SIGKILL: %v", len(alive), limit, alive)
		}
		for _, p := range alive {
			if err := p.signal(unix.SIGKILL); err != nil && !errors.Is(err, errGone) {
				return err
			}
		}
	}
}
