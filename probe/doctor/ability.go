package doctor

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/hangtime-dev/hangtime/kernel/memory"
	"github.com/hangtime-dev/hangtime/kernel/proc"
	"github.com/hangtime-dev/hangtime/probe/listeners"
)

// An Ability is a kind of evidence, and whether it can be had here.
type Ability struct {
	Name   string // what it is, in words
	Gives  string // what it tells
	OK     bool
	Why    string // why not
	Enable string // what would allow it
	Vital  bool   // without it a hang may not be seen: a server that looks healthy need not be
}

// Abilities tries each kind of evidence on a process: what the probe can see of it as the user that it runs as.
func Abilities(pid int) []Ability {
	p := proc.FS("/proc")
	sameUser := "run hangtime as the server's user, or as root"
	root := "run hangtime as root, or give it CAP_SYS_ADMIN"
	var all []Ability
	add := func(name, gives, enable string, err error) {
		a := Ability{Name: name, Gives: gives, OK: err == nil}
		if err != nil {
			a.Why, a.Enable = plainError(err), enable
		}
		all = append(all, a)
	}
	file := func(name string, valid func(text string) bool) error {
		text, err := proc.Read(p.Thread(pid, pid).Path(name), proc.MaxRead)
		if err == nil && valid != nil && !valid(string(text)) {
			return errors.New("the kernel does not tell")
		}
		return err
	}
	add("processes and threads", "who lives, and in which state", "mount /proc without hidepid", file("stat", nil))
	add("time on a processor", "which thread moves, and which waits for a processor", "a kernel with CONFIG_SCHED_INFO",
		file("schedstat", nil))
	tells := func(text string) bool { return strings.Contains(text, "se.exec_start") }
	add("when a thread last ran", "since when it stands still", "a kernel with CONFIG_SCHED_DEBUG", file("sched", tells))
	add("system calls", "what a thread waits for", sameUser, file("syscall", nil))
	add("place in the kernel (wchan)", "what a thread waits for, in one word", sameUser, file("wchan", nil))
	add("kernel stacks", "where in the kernel a thread waits", root, file("stack", nil))
	_, err := p.FDs(pid)
	add("descriptors", "which file, pipe or socket it is, and whose each request is", sameUser, err)
	all[len(all)-1].Vital = true // without them nobody knows which worker has a request
	add("memory (process_vm_readv)", "Python stacks, owners of mutexes, what poll waits for", sameUser+yama(),
		tryMemory(p, pid))
	_, err = proc.Read(p.LocksPath(), 4096)
	add("file locks", "who waits for whom", "a kernel with CONFIG_FILE_LOCKING", err)
	_, err = listeners.All("")
	add("sockets (sock_diag)", "requests inside each worker, their age, the backlog",
		"the kernel modules inet_diag, tcp_diag and unix_diag", err)
	add("ends of processes (pidfd)", "a death within a millisecond", "Linux 5.3 or newer", tryPidfd(pid))
	return all
}

// plainError is an error without the path that says nothing to a person.
func plainError(err error) string {
	var path *os.PathError
	if errors.As(err, &path) {
		err = path.Err
	}
	return err.Error()
}

func yama() string {
	text, err := os.ReadFile("/proc/sys/kernel/yama/ptrace_scope")
	if err == nil && strings.TrimSpace(string(text)) != "0" {
		return fmt.Sprintf(" (kernel.yama.ptrace_scope is %s: CAP_SYS_PTRACE is needed as well)",
			strings.TrimSpace(string(text)))
	}
	return ""
}

// tryMemory reads the first word of the first mapping that the process itself may read: others have none.
func tryMemory(p proc.FS, pid int) error {
	all, err := p.Maps(pid)
	if err != nil {
		return err
	}
	first := slices.IndexFunc(all, func(m proc.Mapping) bool { return strings.HasPrefix(m.Rights, "r") })
	if first < 0 {
		return errors.New("its memory map may not be read")
	}
	var word [8]byte
	return memory.Read(pid, all[first].Low, word[:])
}

func tryPidfd(pid int) error {
	fd, err := unix.PidfdOpen(pid, 0)
	if err == nil {
		unix.Close(fd)
	}
	return err
}
