package waits

import (
	"encoding/binary"
	"slices"

	"golang.org/x/sys/unix"

	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/kernel/kcmp"
	"github.com/hangtime-dev/hangtime/kernel/memory"
)

// child is a thread that waits for the end of a child (wait4(2), waitid(2)).
func (f *Finder) child(a *Answer, s Subject, server Server) {
	pid := int(int32(s.Call.Args[0]))
	if s.Call.Name() == "waitid" {
		pid = 0
		if s.Call.Args[0] == unix.P_PID {
			pid = int(int32(s.Call.Args[1]))
		}
	}
	if pid <= 0 { // for any: the one that is there longest
		all, err := f.fs.Children(s.PID)
		if err != nil || len(all) == 0 {
			return
		}
		pid = all[0]
	}
	if slices.Contains(server.Workers, pid) { // it does its work there, and is looked at itself
		a.Idle, a.For = true, forWorkers
		return
	}
	a.Event = history.ChildWait{PID: s.PID, TID: s.TID, Op: s.Call.Name(), Via: "end", Child: f.host.peer(pid)}
}

// Child is a thread that waits for the end of a child by its language's account, whatever its system call is: its runtime
// looks after the children by itself. pid 0: it does not say for which. Nil: that is not known.
func (f *Finder) Child(s Subject, pid int, server Server) history.Event {
	all, err := f.fs.Children(s.PID)
	switch {
	case err != nil || pid != 0 && !slices.Contains(all, pid), pid == 0 && len(all) != 1:
		return nil
	case pid == 0:
		pid = all[0]
	}
	if slices.Contains(server.Workers, pid) {
		return nil
	}
	return history.ChildWait{PID: s.PID, TID: s.TID, Op: s.Call.Name(), Via: "end", Child: f.host.peer(pid)}
}

// startsChild says whether a call lets its thread wait until the child that it makes has begun a program of its own, or is
// over: vfork(2), and clone(2) with CLONE_VFORK, by which posix_spawn(3) starts programs.
func (f *Finder) startsChild(s Subject) bool {
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

// startedChild is a thread that waits so: for the child that still has its parent's memory.
func (f *Finder) startedChild(s Subject) history.Event {
	all, err := f.fs.Children(s.PID)
	if err != nil {
		return nil
	}
	for _, pid := range slices.Backward(all) {
		if same, err := kcmp.SameMemory(s.PID, pid); err == nil && same {
			return history.ChildWait{PID: s.PID, TID: s.TID, Op: s.Call.Name(), Via: "start", Child: f.host.peer(pid)}
		}
	}
	return nil
}

// semGetPID is GETPID of semctl(2): who last changed a semaphore.
const semGetPID = 11

// semaphore is a thread in semop(2). Who changed the semaphore last has it, where it is used as a lock.
func (f *Finder) semaphore(s Subject) history.Event {
	wait := history.SemaphoreWait{PID: s.PID, TID: s.TID, ID: int(int32(s.Call.Args[0]))}
	var op [2]byte // sem_num of the first struct sembuf
	if memory.Read(s.PID, s.Call.Args[1], op[:]) != nil {
		return wait
	}
	number := binary.NativeEndian.Uint16(op[:])
	pid, _, errno := unix.Syscall6(unix.SYS_SEMCTL, uintptr(uint32(s.Call.Args[0])), uintptr(number), semGetPID, 0, 0, 0)
	if errno != 0 || pid == 0 {
		return wait
	}
	wait.Last = f.host.peer(int(pid))
	_, err := f.fs.Stat(int(pid))
	wait.Dead = err != nil
	return wait
}
