package discovery

import (
	"os"
	"slices"
	"strings"

	"github.com/hangtime-dev/hangtime/kernel/proc"
	"github.com/hangtime-dev/hangtime/probe/listeners"
)

// holdsFor says whether a process only holds a listening socket for its one child that has it too, as systemd does for a
// service: the child runs another program, or is an arbiter itself. A child may as well have inherited the socket of its
// parent, the server.
func holdsFor(p proc.FS, netns string, pid, child int, shared listeners.Socket) bool {
	is := takingAt(p, netns, []string{shared.Address})
	return is.childOrBelow(child, pid) && !is.byItself(pid, []int{child}) &&
		(!SameProgram(p, pid, child) || !is.Child(child, pid))
}

// arbiterOf is the parent of a worker: a process that has the same listening socket, and runs the same program or has
// other children with that socket.
func arbiterOf(p proc.FS, pid int, mine []listeners.Socket, all map[uint32]listeners.Socket) (parent int, is bool) {
	s, err := p.Stat(pid)
	if err != nil || !shareOne(mine, listeners.Of(p, s.Parent, all)) {
		return 0, false
	}
	if SameProgram(p, s.Parent, pid) {
		return s.Parent, true
	}
	children, _ := p.Children(s.Parent)
	return s.Parent, slices.ContainsFunc(children, func(other int) bool {
		return other != pid && shareOne(mine, listeners.Of(p, other, all))
	})
}

// shareOne says whether two processes have a listening socket in common.
func shareOne(a, b []listeners.Socket) bool {
	return slices.ContainsFunc(a, func(l listeners.Socket) bool { return slices.Contains(b, l) })
}

// runsSameProgram says whether children run the program that their parent runs, as workers that were forked or spawned
// do; a shell's or a supervisor's run another.
func runsSameProgram(p proc.FS, pid int, children []int) bool {
	return slices.ContainsFunc(children, func(child int) bool { return SameProgram(p, pid, child) })
}

// SameProgram says whether a child may be one of its parent's workers by the program that it runs. The process that
// keeps count of what others share (CPython's resource tracker) is none.
func SameProgram(p proc.FS, parent, child int) bool {
	a, errA := os.Readlink(p.Path(parent, "exe"))
	b, errB := os.Readlink(p.Path(child, "exe"))
	if errA != nil || errB != nil {
		return true // what may not be read is not left out
	}
	return a == b && !strings.Contains(p.Command(child), "multiprocessing.resource_tracker")
}
