//go:build realservers

package realservers

import (
	"fmt"
	"os"
	"syscall"
	"time"
)

// lifetimeCases: servers that hang as they begin, as they end, or because somebody stopped them.
func lifetimeCases() []realCase {
	starts := 4 * time.Second // an interpreter and its imports, on a busy machine
	return []realCase{
		{
			name: "uvicorn: both workers wait for an answer while they import", worlds: both,
			serve: with(deafUpstream, func(s *stage) {
				s.begins()
				s.launchUvicorn("settings_first", "--workers", "2")
				s.children(2)
			}),
			hang: func(s *stage) { s.wait(2 * time.Second); s.send("/ok", 3) }, after: 6 * time.Second,
			want: want{state: "hung", hung: 2, at: "settings_first.py#settings", silent: []string{`^healthy`}, lag: starts},
		},
		{
			name: "gunicorn: both workers wait for an answer while they import", worlds: both,
			serve: with(deafUpstream, func(s *stage) {
				s.begins()
				s.launchGunicorn("settings_first", "-w", "2")
				s.listens(s.port)
			}),
			hang: func(s *stage) { s.wait(2 * time.Second); s.send("/ok", 3) }, after: 6 * time.Second,
			want: want{state: "hung", hung: 2, at: "settings_first.py#settings", silent: []string{`^healthy`}, lag: starts},
		},
		{
			name: "the workers of before a reload cannot end: a thread of theirs goes on", worlds: both,
			serve: gunicorn("mailer", "-w", "2", "--graceful-timeout", "100"),
			hang: func(s *stage) {
				s.wait(2 * time.Second)
				s.begins()
				s.signal(syscall.SIGHUP)
			}, after: hungLong,
			want: want{state: "hung", hung: 2, kinds: leaving, says: []string{`leave`}, silent: []string{`^healthy`}},
		},
		{
			name: "healthy: the arbiter was stopped by a signal", worlds: both, serve: gunicorn("pools", "-w", "2"),
			hang: func(s *stage) { stop(s, s.server.pid) }, after: 2 * time.Second,
			want: want{says: []string{`note: the arbiter, pid \d+ .* is stopped`}},
		},
		{
			name: "a worker was stopped by a signal", worlds: both,
			serve: gunicorn("pools", "-w", "2"),
			hang: func(s *stage) {
				s.begins()
				stop(s, s.children(2)[0])
			}, after: 6 * time.Second,
			want: want{state: "stopped", hung: 1, kinds: stopped, says: []string{`stopped +for ([5-9]|1[0-9])`}},
		},
		{
			name: "a worker was frozen by its control group", worlds: today, root: true,
			serve: gunicorn("pools", "-w", "2"),
			hang: func(s *stage) {
				s.begins()
				freeze(s, s.children(2)[1])
			}, after: 6 * time.Second,
			want: want{state: "stopped", hung: 1, kinds: stopped, says: []string{`frozen`}},
		},
		{
			name: "the only worker was stopped, with requests inside", worlds: olden,
			serve: gunicorn("busy", "-w", "1"),
			hang: func(s *stage) {
				s.send("/wait?60", 2)
				s.wait(time.Second)
				s.begins()
				stop(s, s.children(1)[0])
			}, after: 4 * time.Second,
			want: want{state: "stopped", hung: 1, kinds: stopped},
		},
	}
}

func (s *stage) signal(signal syscall.Signal) {
	s.t.Helper()
	if err := syscall.Kill(s.server.pid, signal); err != nil {
		s.t.Fatal(err)
	}
}

func stop(s *stage, pid int) {
	s.t.Helper()
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		s.t.Fatal(err)
	}
}

// freeze puts a process into a control group of its own and freezes that: cgroup v2's cgroup.freeze, or v1's freezer.
func freeze(s *stage, pid int) {
	s.t.Helper()
	group, file, on, off := fmt.Sprintf("/sys/fs/cgroup/hangtime-case-%d", pid), "cgroup.freeze", "1", "0"
	if _, err := os.Stat("/sys/fs/cgroup/cgroup.controllers"); err != nil {
		group, file, on, off = fmt.Sprintf("/sys/fs/cgroup/freezer/hangtime-case-%d", pid), "freezer.state",
			"FROZEN", "THAWED"
	}
	write := func(file, text string) {
		if err := os.WriteFile(group+"/"+file, []byte(text), 0o644); err != nil {
			s.t.Errorf("freeze: %v", err)
		}
	}
	if err := os.Mkdir(group, 0o755); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() {
		write(file, off)
		s.server.end() // a group can be removed only when it is empty
		s.until("the control group is gone", func() bool { return os.Remove(group) == nil })
	})
	write("cgroup.procs", fmt.Sprint(pid))
	write(file, on)
}
