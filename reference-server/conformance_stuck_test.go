package refserver

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// stick makes the next requests that log hang in flock until release is called: the guide's first race, on either server.
func (s *target) stick() (release func()) {
	s.t.Helper()
	f, err := os.OpenFile(filepath.Join(s.dir, "async_tasks.log"), os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		s.t.Fatal(err)
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX); err != nil {
		s.t.Fatal(err)
	}
	return func() { _ = f.Close() }
}

const aTask = `{"work":"sleep","duration":"1ms"}`

// hung posts a task that hangs in the lock, and waits until a worker does.
func (s *target) hung() (answer <-chan int, pid int) {
	s.t.Helper()
	done := make(chan int, 1)
	go func() {
		status, _, err := s.ask("POST", "/task", aTask)
		if err != nil {
			status = -1
		}
		done <- status
	}()
	s.until("a worker hangs in flock", func() bool {
		for _, p := range s.workers() {
			if waitsIn(p, "locks_lock_inode_wait") {
				pid = p
				return true
			}
		}
		return false
	})
	return done, pid
}

// successor is the arbiter that USR2 started; 0: there is none any more.
func (s *target) successor() int {
	for _, e := range s.said("upgrading") {
		return number(e["successor"])
	}
	if !s.kind.ours() {
		paths, _ := filepath.Glob("/proc/[0-9]*/cwd")
		for _, p := range paths {
			if dir, _ := os.Readlink(p); dir == s.dir {
				pid := atoi(strings.Split(p, "/")[2])
				if parent(pid) <= 1 || procState(parent(pid)) == "" || !strings.Contains(cmdline(parent(pid)), "gunicorn") {
					return pid
				}
			}
		}
	}
	return 0
}

func parent(pid int) int {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(text), ") ")
	fields := strings.Fields(rest)
	if len(fields) < 2 {
		return 0
	}
	return atoi(fields[1])
}

func cmdline(pid int) string {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	return string(text)
}

// acceptQueue is how many connections wait to be accepted; -1: nobody listens.
func (s *target) acceptQueue() int {
	if all := s.listening(); len(all) > 0 {
		return all[0]
	}
	return -1
}

// listening are the sockets that listen on the server's port, each with its receive queue in /proc/net/tcp: how many
// connections wait to be accepted.
func (s *target) listening() []int {
	_, port, _ := strings.Cut(s.address, ":")
	text, err := os.ReadFile("/proc/net/tcp")
	if err != nil {
		s.t.Fatal(err)
	}
	var queues []int
	for line := range strings.SplitSeq(string(text), "\n") {
		if f := strings.Fields(line); len(f) > 4 && f[3] == "0A" && strings.HasSuffix(f[1], ":"+hex4(atoi(port))) {
			_, queue, _ := strings.Cut(f[4], ":")
			var n int
			_, _ = fmt.Sscanf(queue, "%x", &n)
			queues = append(queues, n)
		}
	}
	return queues
}
