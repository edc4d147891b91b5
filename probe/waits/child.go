package waits

import (
	"encoding/binary"
	"slices"

	"golang.org/x/sys/unix"

	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/kernel/kcmp"
	"github.com/hangtime-dev/hangtime/kernel/memory"
	"github.com/hangtime-dev/hangtime/kernel/proc"
)

// children finds the child processes that threads wait for.
type children struct {
	fs   proc.FS
	host *host
}

// ended is a thread that waits for the end of a child (wait4(2), waitid(2)).
func (c *children) ended(a *Answer, s Subject, server Server) {
	pid := int(int32(s.Call.Args[0]))
	if s.Call.Name() == "waitid" {
		pid = 0
		if s.Call.Args[0] == unix.P_PID {
			pid = int(int32(s.Call.Args[1]))
		}
	}
	if pid <= 0 { // for any: the one that is there longest
		all, err := c.fs.Children(s.PID)
		if err != nil || len(all) == 0 {
			return
		}
		pid = all[0]
	}
	if slices.Contains(server.Workers, pid) { // it does its work there, and is looked at itself
		a.Idle, a.For = true, forWorkers
		return
	}
	a.Event = history.ChildWait{PID: s.PID, TID: s.TID, Op: s.Call.Name(), Via: "end", Child: c.host.peer(pid)}
}

// said is a thread that waits for the end of a child by its language's account: see Finder.Child.
func (c *children) said(s Subject, pid int, server Server) history.Event {
	all, err := c.fs.Children(s.PID)
	switch {
	case err != nil || pid != 0 && !slices.Contains(all, pid), pid == 0 && len(all) != 1:
		return nil
	case pid == 0:
		pid = all[0]
	}
	if slices.Contains(server.Workers, pid) {
		return nil
	}
	return history.ChildWait{PID: s.PID, TID: s.TID, Op: s.Call.Name(), Via: "end", Child: c.host.peer(pid)}
}

// starts says whether a call lets its thread wait until the child that it makes has begun a program of its own, or is
// over: vfork(2), and clone(2) with CLONE_VFORK, by which posix_spawn(3) starts programs.
func starts(s Subject) bool {
	flags := uint64(0)
	switch s.Call.Name() {
	case "vfork":
		return true
	case "clone":
		flags = s.Call.Args[0]
	case "clone3":
		var first [8]byte // struct clone_args.flags
		if memory.Read(s.PID, s.Call.Args[0], first[:]) != nil {
			return false
		}
		flags = binary.NativeEndian.Uint64(first[:])
	}
	return flags&unix.CLONE_VFORK != 0
}

// started is a thread that waits so: for the child that still has its parent's memory.
func (c *children) started(s Subject) history.Event {
	all, err := c.fs.Children(s.PID)
	if err != nil {
		return nil
	}
	for _, pid := range slices.Backward(all) {
		if same, err := kcmp.SameMemory(s.PID, pid); err == nil && same {
			return history.ChildWait{PID: s.PID, TID: s.TID, Op: s.Call.Name(), Via: "start", Child: c.host.peer(pid)}
		}
	}
	return nil
}
