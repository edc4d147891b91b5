//go:build realservers

package realservers

import (
	"path/filepath"
	"strconv"
	"time"
)

// roleCases: who of a server's processes takes the connections is not who has the listening socket, nor who was
// started by whom.
func roleCases() []realCase {
	asks := func(hung int) want {
		return want{state: "hung", hung: hung, kinds: anAnswer, at: "alone.py#pay", silent: []string{`^healthy`}}
	}
	return []realCase{
		{
			name: "a server of one process has forked a pool, which has its socket too", worlds: both,
			serve: with(deafUpstream, alone("fork")), hang: sticks("/pay", 3), after: 3 * time.Second, want: asks(1),
		},
		{
			name: "a server of one process has spawned a pool", worlds: both,
			serve: with(deafUpstream, alone("spawn")), hang: sticks("/pay", 3), after: 3 * time.Second, want: asks(1),
		},
		{
			name: "a program in the background has inherited the server's socket", worlds: olden,
			serve: with(deafUpstream, alone("program")), hang: sticks("/pay", 3), after: 3 * time.Second, want: asks(1),
		},
		{
			name: "workers are forked when all is loaded, long after the server listens", worlds: both,
			serve: with(deafUpstream, func(s *stage) {
				alone("late")(s)
				s.children(3)
			}), hang: sticks("/pay", 5), after: 3 * time.Second, want: asks(3),
		},
		{
			name: "the process that forked two workers serves beside them", worlds: both,
			serve: with(deafUpstream, func(s *stage) {
				alone("beside")(s)
				s.children(2)
			}), hang: sticks("/pay", 5), after: 3 * time.Second, want: asks(3),
		},
		{
			name: "another program holds the socket for gunicorn", worlds: today,
			serve: with(deafUpstream, func(s *stage) {
				s.serve(s.tool("python3"), s.app("python/holder.py"), strconv.Itoa(s.port), s.tool("gunicorn"), "-w", "2",
					"--chdir", filepath.Dir(s.app("python/upstreams.py")), "upstreams:app")
				s.said(s.server, "Booting worker")
				s.wait(2 * time.Second)
			}), hang: sticks("/rates", 4), after: 3 * time.Second,
			want: want{state: "hung", hung: 2, kinds: anAnswer, silent: []string{`^healthy`}},
		},
		{
			name: "healthy: a server of one process has forked a pool", worlds: both,
			serve: with(deafUpstream, alone("fork")),
			hang:  func(s *stage) { s.load("/ok", 50*time.Millisecond) }, after: 4 * time.Second,
		},
	}
}

// alone serves by one process; more says what else there is of processes.
func alone(more string) func(*stage) {
	return func(s *stage) {
		s.serve(s.tool("python3"), s.app("python/alone.py"), more, strconv.Itoa(s.port))
		s.said(s.server, "ready")
	}
}
