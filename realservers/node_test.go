//go:build realservers

package realservers

import (
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// nodeCases: Node, one process that serves alone (as in a container) or a cluster of two.
func nodeCases() []realCase {
	stopsLoop := func(path string, more int) func(*stage) {
		return func(s *stage) {
			s.t.Helper()
			s.stick(path, 1)
			s.send("/ok", more)
		}
	}
	return []realCase{
		{
			name:  "a pattern tries all ways to match, in one worker of a cluster",
			serve: nodeCluster,
			hang:  stopsLoop("/search", 6), after: hungLong,
			want: want{state: "hung", hung: 1, at: "desk.js#search", silent: []string{`^healthy`}},
		},
		{
			name:  "a pattern tries all ways to match",
			serve: node,
			hang:  stopsLoop("/search", 4), after: hungLong,
			want: want{state: "hung", hung: 1, at: "desk.js#search", says: []string{`hung +for 1[0-9]`}},
		},
		{
			name:  "a thread beside the loop tries all ways to match",
			serve: node,
			hang:  sticks("/parse", 3), after: hungLong,
			want: want{state: "hung", hung: 1, at: "desk.js#parse", silent: []string{`^healthy`, `long-poll`}},
		},
		{
			name:  "the loop waits for a program that never ends",
			serve: node,
			hang:  stopsLoop("/convert", 3), after: hungLong,
			want: want{state: "hung", hung: 1, kinds: aChild, at: "desk.js#convert", says: []string{`sleep 3600`},
				silent: []string{`^healthy`}},
		},
		{
			name:  "the loop waits by Atomics.wait",
			serve: node,
			hang:  stopsLoop("/wait", 3), after: 5 * time.Second,
			want: want{state: "hung", hung: 1, kinds: aLock, at: "desk.js#wait", silent: []string{`^healthy`}},
		},
		{
			name:  "the loop opens a named pipe to which nobody writes",
			serve: with(namedPipe, node),
			hang:  stopsLoop("/fifo", 3), after: 5 * time.Second,
			want: want{state: "hung", hung: 1, kinds: anEmpty, at: "desk.js#fifo", says: []string{`/news\b`},
				silent: []string{`^healthy`}},
		},
		{
			name:  "every thread for files opens a named pipe to which nobody writes",
			serve: with(namedPipe, node),
			hang:  with(sticks("/fifos", 1), sticks("/file", 2)), after: hungLong,
			want: want{state: "hung", hung: 1, says: []string{`/news\b`}, silent: []string{`^healthy`}},
		},
		{
			name:  "the loop writes to a full pipe that nobody reads",
			serve: nodeToPipe,
			hang:  stopsLoop("/log", 2), after: hungLong,
			want: want{state: "hung", hung: 1, kinds: aFullPipe, says: []string{`full pipe`}},
		},
		{
			name:  "requests are never answered: it may be meant",
			serve: node,
			hang:  sticks("/forget", 3), after: 8 * time.Second,
			want: want{free: true, says: []string{`inside`}, silent: []string{`^healthy: no worker hangs$`}},
		},
		{
			name:  "healthy: web sockets, events and answers that take two seconds",
			serve: node,
			hang: func(s *stage) {
				s.webSocket("hello")
				s.webSocket("hello")
				s.webSocket("")
				s.send("/events", 2)
				s.load("/slow", 100*time.Millisecond)
			}, after: 6 * time.Second,
		},
		{
			name:  "healthy: a cluster with idle connections",
			serve: nodeCluster,
			hang:  func(s *stage) { s.keepAlive(6) }, after: 4 * time.Second,
		},
	}
}

func node(s *stage) {
	s.t.Helper()
	s.serve("node", s.app("node/desk.js"))
	s.up("/ok")
}

func nodeCluster(s *stage) {
	s.t.Helper()
	s.set("WORKERS", "2")
	node(s)
	s.children(2)
	for range 4 {
		s.up("/ok")
	}
}

func namedPipe(s *stage) {
	s.t.Helper()
	if err := syscall.Mkfifo(filepath.Join(s.dir, "news"), 0o666); err != nil {
		s.t.Fatal(err)
	}
}

// nodeToPipe starts Node with a standard output that nobody reads. Node has the pipe not block it, but whoever shares
// the pipe may undo that: the flag belongs to the open file. The keeper's end is such another one.
func nodeToPipe(s *stage) {
	s.t.Helper()
	read, write, err := os.Pipe()
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { read.Close(); write.Close() })
	s.server = s.startInto(keeperSpec{Args: []string{"node", s.app("node/desk.js")}}, write, nil)
	s.up("/ok")
	s.up("/hello") // its first line sets the flag
	if err := syscall.SetNonblock(int(write.Fd()), false); err != nil {
		s.t.Fatal(err)
	}
}
