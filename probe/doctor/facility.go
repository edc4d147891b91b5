package doctor

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/hangtime-dev/hangtime/kernel/bpf"
	"github.com/hangtime-dev/hangtime/kernel/cgroup"
	"github.com/hangtime-dev/hangtime/kernel/perf"
	"github.com/hangtime-dev/hangtime/kernel/pidfd"
	"github.com/hangtime-dev/hangtime/kernel/proc"
	"github.com/hangtime-dev/hangtime/kernel/procevents"
	"github.com/hangtime-dev/hangtime/probe/bulk"
)

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
	euid, yama := unix.Geteuid(), yamaScope()
	var limit unix.Rlimit
	limited := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit)
	groups := groupKind()
	signals, signalsWork := tried(tapHere())
	births, birthsWork := tried(birthsHere())
	iterators, iteratorsWork := iteratorsHere()
	registers, registersWork := tried(registersHere())
	all := []Facility{
		{
			"root", "kernel stacks, other users' processes, disk and memory faults",
			euid == 0, fmt.Sprintf("uid %d", euid), "run as root; all else works without",
		},
		{
			"reading others' memory", "Python stacks",
			euid == 0 || yama == noYama || strings.HasSuffix(yama, "= 0"), yama,
			"kernel.yama.ptrace_scope = 0, root, or CAP_SYS_PTRACE",
		},
		{
			"where threads compute", "the line of JavaScript that computes, once it is compiled",
			registersWork, registers, "kernel.perf_event_paranoid = 2, root, or CAP_PERFMON",
		},
		{
			"open files", "connections that the load can have at once",
			limited == nil && limit.Max >= 4096, fmt.Sprintf("%d (at most %d)", limit.Cur, limit.Max), "ulimit -n 65536",
		},
		{
			"exit status of others' children", "how a worker ended, and by which signal",
			statusOfOthers(), kernelOf(), "Linux 6.15 or newer, or the workers' own user",
		},
		{
			"control groups", "quota and memory limits; throttling, memory and freezer faults",
			groups != "none", groups, "mount cgroup2 and run where it may be written",
		},
		{
			"FUSE", "slow-disk faults",
			unix.Access(fuse, unix.R_OK|unix.W_OK) == nil, present(fuse), "modprobe fuse, and root",
		},
		{
			"signals' senders (BPF)", "who sent a worker SIGKILL, SIGABRT or SIGSTOP; else it is inferred and marked so",
			signalsWork, signals,
			"root (or CAP_BPF and CAP_PERFMON) in the machine's first pid namespace, and tracefs mounted at /sys/kernel/tracing",
		},
		{
			"births and ends (process events)",
			"a new worker within 20 ms, and how one ended also before Linux 6.15; without, it is seen at the next sample",
			birthsWork, births, "root (or CAP_NET_ADMIN) outside of a container, and a kernel with CONFIG_PROC_EVENTS",
		},
		{
			"BPF task iterator",
			fmt.Sprintf("threads and sockets of all workers in one read each, from %d threads on and where that is cheaper; "+
				"the same is read from /proc without", bulk.From),
			iteratorsWork, iterators,
			"root (or CAP_BPF and CAP_PERFMON) in the machine's first pid namespace, and a kernel with CONFIG_DEBUG_INFO_BTF",
		},
	}
	for i := range all {
		if all[i].OK {
			all[i].Enable = ""
		}
	}
	return all
}

// fuse is the device by which a program serves a file system (fuse(4)).
const fuse = "/dev/fuse"

// noYama stands for a kernel without the security module that limits who may read whose memory.
const noYama = "no Yama"

func yamaScope() string {
	text, err := os.ReadFile("/proc/sys/kernel/yama/ptrace_scope")
	if err != nil {
		return noYama
	}
	return "kernel.yama.ptrace_scope = " + strings.TrimSpace(string(text))
}

// tried words what came of trying something.
func tried(err error) (here string, ok bool) {
	if err != nil {
		return plainError(err), false
	}
	return "works", true
}

func tapHere() error {
	tap, err := bpf.OpenSignals()
	if err == nil {
		tap.Close()
	}
	return err
}

// registersHere looks where a thread of this process is: it may well sleep.
func registersHere() error {
	if _, err := perf.Take(os.Getpid(), time.Millisecond); err != nil && !errors.Is(err, perf.ErrAsleep) {
		return err
	}
	return nil
}

func birthsHere() error {
	births, err := procevents.Open(os.Getpid())
	if err == nil {
		births.Close()
	}
	return err
}

func present(path string) string {
	if _, err := os.Stat(path); err != nil {
		return "no " + path
	}
	return path
}

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
