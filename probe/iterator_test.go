package probe

import (
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/hangtime-dev/hangtime/kernel/proc"
)

// sleeper starts a process of several threads that sleeps, and has two sockets.
func sleeper(t *testing.T) int {
	t.Helper()
	cmd := exec.Command("/usr/bin/python3", "-c", `
import socket, sys, threading, time
a, b = socket.socketpair()
for _ in range(5):
    threading.Thread(target=lambda: time.sleep(3600), daemon=True).start()
time.sleep(0.2)
print("up", flush=True)
time.sleep(3600)
`)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	if _, err := out.Read(make([]byte, 3)); err != nil {
		t.Fatal(err)
	}
	return cmd.Process.Pid
}

// notHad says why something of the kernel's is not to be had. It must be had by one who may do all, on the machine itself, where the kernel shows that it has it: there a program
// that the verifier refuses would otherwise go unnoticed.
func notHad(t *testing.T, err error, shown string) {
	t.Helper()
	if machine(t) {
		if _, none := os.Stat(shown); none == nil {
			t.Fatal(err)
		}
	}
	t.Logf("not to be had here: %v", err)
}

// machine says whether the test may do all and is in no container: the machine's first pid and user namespaces and the network of its first process, with every capability that
// BPF takes, and no filter of system calls.
func machine(t *testing.T) bool {
	t.Helper()
	link := func(path string) string {
		text, _ := os.Readlink(path) // one that may not be read is another
		return text
	}
	const firstUserNamespace = "user:[4026531837]" // PROC_USER_INIT_INO, include/linux/proc_ns.h
	if link("/proc/self/ns/pid") != firstNamespace || link("/proc/self/ns/user") != firstUserNamespace || link("/proc/self/ns/net") != link("/proc/1/ns/net") {
		return false
	}
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	var has uint64
	filtered := true
	for line := range strings.Lines(string(status)) {
		if value, is := strings.CutPrefix(line, "CapEff:"); is {
			has, _ = strconv.ParseUint(strings.TrimSpace(value), 16, 64)
		}
		if value, is := strings.CutPrefix(line, "Seccomp:"); is {
			filtered = strings.TrimSpace(value) != "0"
		}
	}
	const needed = 1<<unix.CAP_SYS_ADMIN | 1<<unix.CAP_NET_ADMIN | 1<<unix.CAP_BPF | 1<<unix.CAP_PERFMON | 1<<unix.CAP_SYS_PTRACE
	return has&needed == needed && !filtered
}

// What the iterators tell is what /proc tells. Where they cannot be had (no privilege, no types of the kernel) it is that this is said, and at once.
func TestIteratorsTellWhatProcTells(t *testing.T) {
	it, err := openIterators()
	if err != nil {
		notHad(t, err, "/sys/kernel/btf/vmlinux")
		return
	}
	defer it.close()
	pid := sleeper(t)
	if rows, err := it.allThreads(nil); err != nil || len(rows) != 0 {
		t.Fatalf("nothing is watched, and there are %d threads (%v)", len(rows), err)
	}
	if err := it.watch(pid); err != nil {
		t.Fatal(err)
	}
	byProc, byRows := &threads{proc: "/proc", pid: pid}, &threads{proc: "/proc", pid: pid}
	now := time.Now()
	for range 100 { // it may run between the two
		byProc.refresh(now)
		rows, err := it.allThreads(nil)
		if err != nil {
			t.Fatal(err)
		}
		byRows.take(now, rows)
		if same(byProc, byRows) {
			break
		}
	}
	if !same(byProc, byRows) || len(byRows.all) != 6 {
		t.Errorf("/proc tells %v\nthe iterator %v", accounts(byProc), accounts(byRows))
	}
	var want []uint32
	var fds proc.Folder
	defer fds.Close()
	if err := fds.Links("/proc", pid, func(link []byte) {
		if inode, ok := proc.SocketInode(link); ok {
			want = append(want, inode)
		}
	}); err != nil {
		t.Fatal(err)
	}
	rows, err := it.allSockets(nil)
	if err != nil {
		t.Fatal(err)
	}
	var got []uint32
	for _, row := range rows {
		if row.pid != pid {
			t.Errorf("a socket of process %d, which is not watched", row.pid)
		}
		got = append(got, row.inode)
	}
	slices.Sort(want)
	slices.Sort(got)
	if len(want) != 2 || !slices.Equal(want, got) {
		t.Errorf("/proc tells the sockets %v, the iterator %v", want, got)
	}
	it.forget(pid)
	if rows, err := it.allThreads(nil); err != nil || len(rows) != 0 {
		t.Errorf("it is forgotten, and there are %d threads (%v)", len(rows), err)
	}
}

func same(a, b *threads) bool { return slices.Equal(accounts(a), accounts(b)) }

func accounts(t *threads) (all []threadRow) {
	for _, one := range t.all {
		all = append(all, threadRow{t.pid, one.tid, one.last})
	}
	return all
}

func TestTakeTellsWhoRanWhoIsNewAndWhoEnded(t *testing.T) {
	row := func(tid int, ran time.Duration) threadRow {
		return threadRow{1, tid, proc.Schedstat{Ran: ran, Runs: 1}}
	}
	all := &threads{proc: "/nonexistent", pid: 1}
	now := time.Now()
	for _, step := range []struct {
		name       string
		rows       []threadRow
		ran, moved bool
		tids       []int
		sum        time.Duration
	}{
		{"the first look", []threadRow{row(1, 5), row(4, 7)}, true, false, []int{1, 4}, 12},
		{"nothing ran", []threadRow{row(1, 5), row(4, 7)}, false, false, []int{1, 4}, 12},
		{"one ran", []threadRow{row(1, 5), row(4, 9)}, true, true, []int{1, 4}, 14},
		{"a new one between the others", []threadRow{row(1, 5), row(2, 1), row(4, 9)}, true, true, []int{1, 2, 4}, 15},
		{"the one in the middle ended", []threadRow{row(1, 5), row(4, 9)}, true, false, []int{1, 4}, 15},
		{"the last ended and one came", []threadRow{row(1, 5), row(9, 2)}, true, true, []int{1, 9}, 17},
		{"all ended", nil, true, false, nil, 17},
	} {
		now = now.Add(sampleEvery)
		ran, moved := all.take(now, step.rows)
		var tids []int
		for _, one := range all.all {
			tids = append(tids, one.tid)
		}
		if ran != step.ran || moved != step.moved || !slices.Equal(tids, step.tids) || all.ran() != step.sum {
			t.Errorf("%s: ran %v, moved %v, threads %v, together %v", step.name, ran, moved, tids, all.ran())
		}
	}
}
