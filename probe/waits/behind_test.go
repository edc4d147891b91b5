package waits

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/kernel/proc"
)

// run starts a program in a folder and returns its process's number once it has said that it is ready.
func run(t *testing.T, folder, program string) int {
	t.Helper()
	cmd := exec.Command("python3", "-c", program)
	cmd.Dir = folder
	return start(t, cmd)
}

// start starts one that ends with its standard input, and returns its number once it has said that it is ready.
func start(t *testing.T, cmd *exec.Cmd) int {
	t.Helper()
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = in.Close()
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	return cmd.Process.Pid
}

// behind is what the main thread of a process waits for, once that is of the kind which is wanted.
func behind(t *testing.T, f *Finder, pid int, wanted func(history.Event) bool) history.Event {
	t.Helper()
	var last history.Event
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); {
		call, err := f.fs.Thread(pid, pid).Call()
		if err != nil {
			t.Skipf("the system calls of a child may not be read: %v", err)
		}
		s := Subject{PID: pid, TID: pid, Call: call, State: 'S', Wchan: f.fs.Thread(pid, pid).Wchan(),
			Stack: f.fs.Thread(pid, pid).Stack(), Threads: []int{pid}}
		if last = f.Behind(s, Server{Workers: []int{pid}}).Event; last != nil && wanted(last) {
			return last
		}
	}
	t.Fatalf("it waits for %+v", last)
	return nil
}

func newFinder(t *testing.T) *Finder {
	f := New(proc.FS("/proc"), "", func(string, error) {})
	t.Cleanup(f.Close)
	return f
}

// TestAPathIsTakenFromTheFolderOfTheProcess: relative to its working folder, and to one that it has open.
func TestAPathIsTakenFromTheFolderOfTheProcess(t *testing.T) {
	for name, open := range map[string]string{
		"working folder": `open("ctl.fifo")`,
		"open folder":    `os.chdir("/"), os.open("ctl.fifo", os.O_RDONLY, dir_fd=here)`,
	} {
		folder, err := filepath.EvalSymlinks(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		pid := run(t, folder, `import os
here = os.open(".", os.O_RDONLY)
os.mkfifo("ctl.fifo")
print("ready", flush=True)
`+open)
		f := newFinder(t)
		got := behind(t, f, pid, func(ev history.Event) bool { _, ok := ev.(history.PipeWait); return ok }).(history.PipeWait)
		if want := filepath.Join(folder, "ctl.fifo"); got.Path != want || !got.Open {
			t.Errorf("%s: it opens %q, want %q", name, got.Path, want)
		}
	}
}

// TestALockIsPolledBetweenSleeps: of a file that the process has open and another has locked for itself, and of none that
// it has locked too.
func TestALockIsPolledBetweenSleeps(t *testing.T) {
	folder := t.TempDir()
	holder := run(t, folder, `import fcntl, sys
f = open("db", "w"); fcntl.lockf(f, fcntl.LOCK_EX, 10)
print("ready", flush=True)
sys.stdin.read()`)
	asks := run(t, folder, `import time
f, g = open("other", "w"), open("db", "r+")
print("ready", flush=True)
time.sleep(3600)`)
	f := newFinder(t)
	got := behind(t, f, asks, func(ev history.Event) bool { _, ok := ev.(history.LockWait); return ok }).(history.LockWait)
	if !got.Polled || filepath.Base(got.Path) != "db" || len(got.Holders) != 1 || got.Holders[0].PID != holder {
		t.Errorf("%+v, want db, locked by pid %d", got, holder)
	}
	has := run(t, folder, `import fcntl, time
f = open("db", "r+"); fcntl.lockf(f, fcntl.LOCK_EX, 10, 100)
print("ready", flush=True)
time.sleep(3600)`)
	call, err := f.fs.Thread(has, has).Call()
	if err != nil {
		t.Fatal(err)
	}
	if ev := f.locks.polled(Subject{PID: has, TID: has, Call: call}); ev != nil {
		t.Errorf("one that has a lock of the file itself asks for %+v", ev)
	}
}

// TestAChildThatFillsAPipeOfItsParent: the parent waits for the end of it, and nobody else could read.
func TestAChildThatFillsAPipeOfItsParent(t *testing.T) {
	if _, err := os.Stat("/bin/sh"); err != nil {
		t.Skip(err)
	}
	pid := run(t, t.TempDir(), `import subprocess
p = subprocess.Popen(["sh", "-c", "head -c 200000 /dev/zero; exit 0"], stdout=subprocess.PIPE)
print("ready", flush=True)
p.wait()`)
	f := newFinder(t)
	var links []history.Link
	behind(t, f, pid, func(ev history.Event) bool {
		if _, ok := ev.(history.ChildWait); ok {
			links = f.Chain(pid, ev, Server{Workers: []int{pid}})
		}
		return len(links) > 0 && links[len(links)-1].Sole
	})
	last := links[len(links)-1]
	if !last.Ends || !strings.HasPrefix(last.Does, "writes to a full pipe") {
		t.Errorf("%+v, want one that writes to a full pipe", links)
	}
}

// TestTheChildThatDoesNotBeginItsProgramIsNamed: its parent waits in vfork. The helper is written in C: no interpreter
// could go on in the memory that both share.
func TestTheChildThatDoesNotBeginItsProgramIsNamed(t *testing.T) {
	compiler, err := exec.LookPath("cc")
	if err != nil {
		t.Skip("without a compiler")
	}
	folder := t.TempDir()
	source := filepath.Join(folder, "parent.c")
	if err := os.WriteFile(source, []byte(`#include <stdio.h>
#include <unistd.h>
int main() { puts("ready"); fflush(stdout); if (vfork() == 0) { char b; read(0, &b, 1); _exit(0); } return 0; }
`), 0o644); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(compiler, "-o", filepath.Join(folder, "parent"), source).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	pid := start(t, exec.Command(filepath.Join(folder, "parent")))
	got := behind(t, newFinder(t), pid, func(ev history.Event) bool { _, is := ev.(history.ChildWait); return is })
	children, err := proc.FS("/proc").Children(pid)
	if err != nil || len(children) != 1 {
		t.Fatalf("children %v, %v", children, err)
	}
	if wait := got.(history.ChildWait); wait.Via != "start" || wait.Child.PID != children[0] {
		t.Errorf("got %+v, want the start of %d", wait, children[0])
	}
}

// TestTheOnlyChildIsWaitedFor: by the account of a language that does not say which it waits for. A worker is none that
// is waited for.
func TestTheOnlyChildIsWaitedFor(t *testing.T) {
	for _, count := range []int{1, 2} {
		pid := run(t, t.TempDir(), `import os, subprocess, sys
for _ in range(`+strconv.Itoa(count)+`):
    subprocess.Popen(["cat"], stdin=sys.stdin)
print("ready", flush=True)
os.waitpid(-1, 0)`)
		children, err := proc.FS("/proc").Children(pid)
		if err != nil || len(children) != count {
			t.Fatalf("children %v, %v", children, err)
		}
		f, s := newFinder(t), Subject{PID: pid, TID: pid}
		want := map[int]int{0: children[0], children[0]: children[0], pid: 0} // by what the language says
		if count > 1 {
			want[0] = 0
		}
		for says, child := range want {
			got, is := f.Child(s, says, Server{}).(history.ChildWait)
			if is != (child != 0) || got.Child.PID != child {
				t.Errorf("%d children, it says %d: %+v, want %d", count, says, got, child)
			}
		}
		if got := f.Child(s, children[0], Server{Workers: children}); got != nil {
			t.Errorf("a worker: %+v", got)
		}
	}
}

// TestAConnectionThatNobodyAcceptsLeadsToWhoListens: it has no other end yet.
func TestAConnectionThatNobodyAcceptsLeadsToWhoListens(t *testing.T) {
	folder := t.TempDir()
	listens := run(t, folder, `import socket, sys
s = socket.socket(socket.AF_UNIX); s.bind("keeper"); s.listen(8)
print("ready", flush=True)
sys.stdin.read()`)
	asks := run(t, folder, `import socket
s = socket.socket(socket.AF_UNIX); s.connect("keeper")
print("ready", flush=True)
s.recv(1)`)
	got := behind(t, newFinder(t), asks, func(ev history.Event) bool {
		_, ok := ev.(history.SocketWait)
		return ok
	}).(history.SocketWait)
	if got.Remote != "keeper" || len(got.Peers) != 1 || got.Peers[0].PID != listens {
		t.Errorf("%+v, want one that leads to pid %d", got, listens)
	}
}
