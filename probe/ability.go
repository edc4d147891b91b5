package probe

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/hangtime-dev/hangtime/kernel/bpf"
	"github.com/hangtime-dev/hangtime/kernel/cgroup"
	"github.com/hangtime-dev/hangtime/kernel/memory"
	"github.com/hangtime-dev/hangtime/kernel/pidfd"
	"github.com/hangtime-dev/hangtime/kernel/proc"
	"github.com/hangtime-dev/hangtime/kernel/procevents"
	"github.com/hangtime-dev/hangtime/probe/bulk"
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

// Command is a process's command line for people, at most 120 bytes; empty: there is none such.
func Command(pid int) string { return proc.FS("/proc").Command(pid) }

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
		text, err := proc.Read(p.TaskPath(pid, pid, name), proc.MaxRead)
		if err == nil && valid != nil && !valid(string(text)) {
			return errors.New("the kernel does not tell")
		}
		return err
	}
	add("processes and threads", "who lives, and in which state", "mount /proc without hidepid", file("stat", nil))
	add("time on a processor", "which thread moves, and which waits for a processor", "a kernel with CONFIG_SCHED_INFO", file("schedstat", nil))
	add("when a thread last ran", "since when it stands still", "a kernel with CONFIG_SCHED_DEBUG", file("sched", func(t string) bool { return strings.Contains(t, "se.exec_start") }))
	add("system calls", "what a thread waits for", sameUser, file("syscall", nil))
	add("place in the kernel (wchan)", "what a thread waits for, in one word", sameUser, file("wchan", nil))
	add("kernel stacks", "where in the kernel a thread waits", root, file("stack", nil))
	_, err := p.FDs(pid)
	add("descriptors", "which file, pipe or socket it is, and whose each request is", sameUser, err)
	all[len(all)-1].Vital = true // without them nobody knows which worker has a request
	add("memory (process_vm_readv)", "Python stacks, owners of mutexes, what poll waits for", sameUser+yama(), tryMemory(p, pid))
	_, err = proc.Read(p.LocksPath(), 4096)
	add("file locks", "who waits for whom", "a kernel with CONFIG_FILE_LOCKING", err)
	_, err = listeners.All("")
	add("sockets (sock_diag)", "requests inside each worker, their age, the backlog", "the kernel modules inet_diag, tcp_diag and unix_diag", err)
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
		return fmt.Sprintf(" (kernel.yama.ptrace_scope is %s: CAP_SYS_PTRACE is needed as well)", strings.TrimSpace(string(text)))
	}
	return ""
}

// tryMemory reads the first word of the first mapping.
func tryMemory(p proc.FS, pid int) error {
	text, err := proc.Read(p.Path(pid, "maps"), 4096)
	if err != nil {
		return err
	}
	var start uint64
	if n, _ := fmt.Sscanf(string(text), "%x-", &start); n != 1 {
		return errors.New("its memory map may not be read")
	}
	var word [8]byte
	return memory.Read(pid, start, word[:])
}

func tryPidfd(pid int) error {
	fd, err := unix.PidfdOpen(pid, 0)
	if err == nil {
		unix.Close(fd)
	}
	return err
}

// A Facility is something of this machine that hangtime can make use of.
type Facility struct {
	Name   string
	Gives  string
	OK     bool
	Here   string // what there is
	Enable string // what would enable it
}

// Facilities says what of the machine serves to watch, load and break a server here.
func Facilities() []Facility {
	var all []Facility
	add := func(name, gives, here, enable string, ok bool) {
		f := Facility{Name: name, Gives: gives, Here: here, OK: ok}
		if !ok {
			f.Enable = enable
		}
		all = append(all, f)
	}
	euid := unix.Geteuid()
	add("root", "kernel stacks, other users' processes, disk and memory faults", fmt.Sprintf("uid %d", euid), "run as root; all else works without", euid == 0)
	scope := "no Yama"
	if text, err := os.ReadFile("/proc/sys/kernel/yama/ptrace_scope"); err == nil {
		scope = "kernel.yama.ptrace_scope = " + strings.TrimSpace(string(text))
	}
	add("reading others' memory", "Python stacks", scope, "kernel.yama.ptrace_scope = 0, root, or CAP_SYS_PTRACE", euid == 0 || scope == "no Yama" || strings.HasSuffix(scope, "= 0"))
	var limit unix.Rlimit
	err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit)
	add("open files", "connections that the load can have at once", fmt.Sprintf("%d (at most %d)", limit.Cur, limit.Max), "ulimit -n 65536", err == nil && limit.Max >= 4096)
	add("exit status of others' children", "how a worker ended, and by which signal", kernelOf(), "Linux 6.15 or newer, or the workers' own user", statusOfOthers())
	tree := groupKind()
	add("control groups", "quota and memory limits; throttling, memory and freezer faults", tree, "mount cgroup2 and run where it may be written", tree != "none")
	add("FUSE", "slow-disk faults", present("/dev/fuse"), "modprobe fuse, and root", writable("/dev/fuse"))
	tapped, err := "works", error(nil)
	if tap, wrong := bpf.OpenSignals(); wrong != nil {
		tapped, err = wrong.Error(), wrong
	} else {
		tap.Close()
	}
	add("signals' senders (BPF)", "who sent a worker SIGKILL, SIGABRT or SIGSTOP; else it is inferred and marked so", tapped,
		"root (or CAP_BPF and CAP_PERFMON) in the machine's first pid namespace, and tracefs mounted at /sys/kernel/tracing", err == nil)
	told, err := "works", error(nil)
	if c, wrong := procevents.Open(os.Getpid()); wrong != nil {
		told, err = plainError(wrong), wrong
	} else {
		c.Close()
	}
	add("births and ends (process events)", "a new worker within 20 ms, and how one ended also before Linux 6.15; without, it is seen at the next sample", told,
		"root (or CAP_NET_ADMIN) outside of a container, and a kernel with CONFIG_PROC_EVENTS", err == nil)
	here, ok := iteratorsHere()
	add("BPF task iterator", fmt.Sprintf("threads and sockets of all workers in one read each, from %d threads on and where that is cheaper; the same is read from /proc without", bulk.From), here,
		"root (or CAP_BPF and CAP_PERFMON) in the machine's first pid namespace, and a kernel with CONFIG_DEBUG_INFO_BTF", ok)
	return all
}

func present(path string) string {
	if _, err := os.Stat(path); err != nil {
		return "no " + path
	}
	return path
}

func writable(path string) bool { return unix.Access(path, unix.R_OK|unix.W_OK) == nil }

func kernelOf() string {
	var u unix.Utsname
	if unix.Uname(&u) != nil {
		return "unknown"
	}
	return "Linux " + unix.ByteSliceToString(u.Release[:])
}

// statusOfOthers tries the call that tells it on ourselves: a kernel that knows it does not refuse the mask.
func statusOfOthers() bool {
	fd, err := unix.PidfdOpen(unix.Getpid(), 0)
	if err != nil {
		return false
	}
	defer unix.Close(fd)
	return pidfd.KnowsExit(fd)
}

func groupKind() string {
	mounts, err := proc.FS("/proc").OwnMounts()
	if err != nil {
		return "none"
	}
	two, one := false, false
	for _, h := range cgroup.Hierarchies(mounts) {
		two = two || h.Version == 2
		one = one || h.Version == 1
	}
	switch {
	case two && one:
		return "version 1 and 2"
	case two:
		return "version 2"
	case one:
		return "version 1"
	}
	return "none"
}

// iteratorsHere tries them on this process.
func iteratorsHere() (here string, ok bool) {
	it, err := bpf.OpenIterators()
	if err != nil {
		return err.Error(), false
	}
	defer it.Close()
	if err := it.Watch(os.Getpid()); err != nil {
		return err.Error(), false
	}
	began := time.Now()
	rows, err := it.Threads(nil)
	switch {
	case err != nil:
		return err.Error(), false
	case len(rows) == 0:
		return "it tells no threads", false
	}
	return fmt.Sprintf("works; a read takes %v", time.Since(began).Round(10*time.Microsecond)), true
}
