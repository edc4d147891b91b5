//go:build realservers

package realservers

import (
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"
)

// childCases: processes that wait for a program that they started, for a terminal, for a pipe, or for something that
// processes share.
func childCases() []realCase {
	converts := gunicorn("children", "-w", "2")
	shares := with(gunicorn("processes", "-w", "2", "--preload"), removeSemaphores)
	return []realCase{
		{
			name: "it reads what a program writes that never ends", worlds: both,
			serve: converts, hang: sticks("/convert", 1), after: hungLong,
			want: want{state: "hung", hung: 1, kinds: aChild, at: "children.py#convert", says: []string{`sleep 3600`},
				silent: []string{`long-poll`, `^healthy`}},
		},
		{
			name: "it waits for the end of a program that never ends", worlds: both,
			serve: converts, hang: sticks("/print", 1), after: hungLong,
			want: want{state: "hung", hung: 1, kinds: aChild, at: "children.py#print_out", says: []string{`sleep 3600`}},
		},
		{
			name: "it waits for the end of a program whose output it does not read", worlds: today,
			serve: converts, hang: sticks("/export", 1), after: hungLong,
			want: want{state: "hung", hung: 1, kinds: aChild, at: "children.py#export", cycle: true, says: []string{`a full pipe that only pid \d+ could read`}},
		},
		{
			name: "it reads the one pipe of a program that has filled the other", worlds: olden,
			serve: converts, hang: sticks("/scan", 1), after: hungLong,
			want: want{state: "hung", hung: 1, kinds: aChild, at: "children.py#scan", says: []string{`pipe`}},
		},
		{
			name: "it waits for the end of a child that waits for a lock which the fork copied taken", worlds: both,
			serve: converts, hang: sticks("/archive", 1), after: 4 * time.Second,
			want: want{state: "hung", hung: 1, kinds: aChild,
				says: []string{`that one itself waits for the lock folder, which was taken before the fork.* in archive \(.*children\.py`}},
		},
		{
			name: "it waits for a debugger's command at a terminal", worlds: both,
			serve: onTerminal, hang: sticks("/review", 1), after: hungLong,
			want: want{state: "hung", hung: 1, kinds: aTerminal, at: "children.py#review", says: []string{`terminal`},
				silent: []string{`long-poll`, `^healthy`}},
		},
		{
			name: "it waits for a process of its pool that was killed", worlds: both,
			serve: converts, hang: sticks("/book", 1), after: hungLong,
			want: want{state: "hung", hung: 1, at: "children.py#book"},
		},
		{
			name: "it waits for a lock that a thread of its parent had at the fork", worlds: both,
			serve: shares, hang: sticks("/count", 1), after: hungLong,
			want: want{state: "hung", hung: 1, kinds: aLock, at: "processes.py#count",
				says: []string{`before the fork|inherited`}},
		},
		{
			name: "it waits for a semaphore of processes", worlds: both,
			serve: shares, hang: sticks("/till", 1), after: hungLong,
			want: want{state: "hung", hung: 1, kinds: slices.Concat(aSemaphore, aLock), at: "processes.py#till"},
		},
		{
			name: "it waits for a semaphore of System V", worlds: olden,
			serve: shares, hang: sticks("/turn", 1), after: hungLong,
			want: want{state: "hung", hung: 1, kinds: aSemaphore, at: "processes.py#turn", says: []string{`semaphore`}},
		},
		{
			name: "it opens a named pipe to which nobody writes", worlds: today,
			serve: shares, hang: sticks("/news", 1), after: hungLong,
			want: want{state: "hung", hung: 1, kinds: anEmpty, at: "processes.py#news", says: []string{`/news\b`},
				silent: []string{`does not come back.*proven`}},
		},
		{
			name: "it waits for a lock of a file that a process has which inherited it", worlds: both,
			serve: with(shares, locksFile("notes")), hang: sticks("/note", 2), after: hungLong,
			want: want{state: "hung", hung: 2, kinds: aFileLock, holder: true, at: "processes.py#note",
				says: []string{`flock`}},
		},
		{
			name: "it writes to a standard output that is a full pipe", worlds: both,
			serve: intoPipe, hang: sticks("/shout", 1), after: hungLong,
			want: want{state: "hung", hung: 1, kinds: aFullPipe, at: "processes.py#shout", says: []string{`full pipe`}},
		},
	}
}

// locksFile has a process take a lock of a file and end; a child of its lives on with the lock.
func locksFile(name string) func(*stage) {
	return func(s *stage) {
		s.t.Helper()
		locker := s.start("sh", "-c", "exec 9>>"+s.dir+"/"+name+"; flock 9; echo locked; exec sleep 3600 9>&9")
		s.said(locker, "locked")
		s.holder = locker.pid
	}
}

// intoPipe has the server write into a pipe that nobody reads, as under a supervisor that hangs itself.
func intoPipe(s *stage) {
	s.t.Helper()
	read, write, err := os.Pipe()
	if err != nil {
		s.t.Fatal(err)
	}
	defer write.Close()
	s.t.Cleanup(func() { read.Close() })
	s.app("python/processes.py")
	s.server = s.startInto(keeperSpec{Args: []string{s.tool("python3"), "-m", "gunicorn", "-w", "2", "--preload", "-t",
		"300", "-b", s.address(), "processes:app"}}, write, nil)
	s.up("/ok")
	removeSemaphores(s)
}

// onTerminal serves on a terminal of its own, as a developer does.
func onTerminal(s *stage) {
	s.t.Helper()
	s.app("python/children.py")
	terminal, line := openTerminal(s)
	s.background(func(context.Context) { _, _ = io.Copy(io.Discard, terminal) })
	s.t.Cleanup(func() { terminal.Close() })
	s.server = s.startAs(keeperSpec{Args: []string{s.tool("python3"), "-m", "gunicorn", "-w", "2", "-t", "300", "-b",
		s.address(), "children:app"}, Terminal: true}, line)
	line.Close()
	s.up("/ok")
}

// removeSemaphores has the kernel forget those that the application made: they outlive it.
func removeSemaphores(s *stage) {
	s.t.Helper()
	id, err := os.ReadFile(filepath.Join(s.dir, "semaphores"))
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() {
		if out, err := exec.Command("ipcrm", "-s", string(id)).CombinedOutput(); err != nil {
			s.t.Errorf("ipcrm: %v: %s", err, out)
		}
	})
}
