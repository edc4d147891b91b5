package bpf

import (
	"cmp"
	"errors"
	"net/netip"
	"os"
	"os/exec"
	"slices"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/hangtime-dev/hangtime/kernel/kerneltest"
	"github.com/hangtime-dev/hangtime/kernel/proc"
)

// sleeper starts a process of six threads that sleeps, and has two sockets without an address and the two sides of two
// connections, one of each kind of address.
func sleeper(t *testing.T) int {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "/usr/bin/python3", "-c", `
import socket, threading, time
a, b = socket.socketpair()
kept = []
for family, host in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
    l = socket.create_server((host, 0), family=family)
    kept += [socket.create_connection(l.getsockname()[:2]), l.accept()[0]]
    l.close()
for _ in range(5):
    threading.Thread(target=lambda: time.sleep(3600), daemon=True).start()
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

// byProc is what /proc tells of a process's threads and sockets.
func byProc(t *testing.T, pid int) (threads []ThreadRow, inodes []uint32) {
	t.Helper()
	const fs = proc.FS("/proc")
	tids, err := fs.Threads(pid)
	if err != nil {
		t.Fatal(err)
	}
	for _, tid := range tids {
		line, err := proc.Read(fs.Thread(pid, tid).Path("schedstat"), 256)
		if err != nil {
			t.Fatal(err)
		}
		account, err := proc.ParseSchedstat(line)
		if err != nil {
			t.Fatal(err)
		}
		threads = append(threads, ThreadRow{pid, tid, account})
	}
	var fds proc.Folder
	defer fds.Close()
	if err := fds.Links(fs, pid, func(link []byte) {
		if inode, ok := proc.SocketInode(link); ok {
			inodes = append(inodes, inode)
		}
	}); err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(threads, func(a, b ThreadRow) int { return cmp.Compare(a.TID, b.TID) })
	slices.Sort(inodes)
	return threads, inodes
}

// What the iterators tell is what /proc tells. Where they cannot be had (no privilege, no types of the kernel) it is
// that this is said, and at once.
func TestIteratorsTellWhatProcTells(t *testing.T) {
	it, err := OpenIterators()
	if err != nil {
		kerneltest.NotHad(t, err, "/sys/kernel/btf/vmlinux")
		return
	}
	defer it.Close()
	pid := sleeper(t)
	if rows, err := it.Threads(nil); err != nil || len(rows) != 0 {
		t.Fatalf("nothing is watched, and there are %d threads (%v)", len(rows), err)
	}
	if err := it.Watch(pid); err != nil {
		t.Fatal(err)
	}
	var want, got []ThreadRow
	var sockets []uint32
	for range 1000 { // it may run between the two
		want, sockets = byProc(t, pid)
		if got, err = it.Threads(nil); err != nil {
			t.Fatal(err)
		}
		if slices.Equal(want, got) {
			break
		}
	}
	if !slices.Equal(want, got) || len(got) != 6 {
		t.Errorf("/proc tells %v\nthe iterator %v", want, got)
	}
	rows, err := it.Sockets(nil)
	if err != nil {
		t.Fatal(err)
	}
	var inodes []uint32
	sides := map[[2]netip.AddrPort]bool{}
	for _, row := range rows {
		if row.Local.IsValid() {
			sides[[2]netip.AddrPort{row.Local, row.Remote}] = true
		}
		if row.PID != pid {
			t.Errorf("a socket of process %d, which is not watched", row.PID)
		}
		inodes = append(inodes, row.Inode)
	}
	slices.Sort(inodes)
	if len(sockets) != 6 || !slices.Equal(sockets, inodes) {
		t.Errorf("/proc tells the sockets %v, the iterator %v", sockets, inodes)
	}
	if it.Names() && len(sides) != 4 {
		t.Errorf("sides of connections %v, want 4", sides)
	}
	for side := range sides {
		if !sides[[2]netip.AddrPort{side[1], side[0]}] || !side[0].Addr().IsLoopback() {
			t.Errorf("%v has no other side among %v", side, sides)
		}
	}
	if alone, err := it.SocketsOf(nil, pid); err != nil && !errors.Is(err, unix.E2BIG) || err == nil && !slices.Equal(alone, rows) {
		t.Errorf("bound to the process the iterator tells %v (%v), else %v", alone, err, rows)
	}
	if others, err := it.SocketsOf(nil, os.Getpid()); err == nil && len(others) != 0 {
		t.Errorf("of a process that is not watched it tells %v", others)
	}
	it.Forget(pid)
	if rows, err := it.Threads(nil); err != nil || len(rows) != 0 {
		t.Errorf("it is forgotten, and there are %d threads (%v)", len(rows), err)
	}
}
