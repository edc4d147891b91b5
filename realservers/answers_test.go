//go:build realservers

package realservers

import (
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"time"
)

// answerCases: waits for others over sockets and file systems, computing without end, and where the words are what matters.
func answerCases() []realCase {
	return []realCase{
		{
			name: "a request runs a loop of its own, which waits for an answer", worlds: both,
			serve: with(deafUpstream, gunicorn("upstreams", "-w", "2")),
			hang:  sticks("/async", 1), after: hungLong,
			want: want{state: "hung", hung: 1, kinds: anAnswer, at: "upstreams.py#ask", says: []string{`127\.0\.0\.1:${UPSTREAM}`, `/async`}},
		},
		{
			name: "every thread of two workers waits for an answer", worlds: both,
			serve: with(deafUpstream, gunicorn("upstreams", "-k", "gthread", "--threads", "3", "-w", "2")),
			hang:  sticks("/rates", 9), after: 8 * time.Second,
			want: want{state: "hung", kinds: anAnswer, at: "upstreams.py#rates", says: []string{`127\.0\.0\.1:${UPSTREAM}`}},
		},
		{
			name: "a pattern tries all ways to match", worlds: both,
			serve: gunicorn("slugs", "-w", "2"),
			hang:  sticks("/slug", 1), after: hungLong,
			want: want{state: "hung", hung: 1, at: "slugs.py#slug"},
		},
		{
			name: "the only worker asks itself", worlds: both,
			serve: gunicorn("upstreams", "-w", "1"),
			hang:  sticks("/own", 1), after: 4 * time.Second,
			want: want{state: "hung", hung: 1, kinds: itself, at: "upstreams.py#own_page", says: []string{`itself|own`}},
		},
		{
			name: "a worker has no descriptor left to accept with", worlds: both,
			serve: with(deafUpstream, fewFiles), hang: sticks("/rates", 50), after: 4 * time.Second,
			want: want{state: "hung", hung: 1, kinds: noFiles, at: "upstreams.py#rates", says: []string{`all 40 allowed files open`},
				silent: []string{`^healthy`}},
		},
		{
			name: "the system's log is not read", worlds: both,
			serve: with(deafLog, gunicorn("audit", "-w", "2")),
			hang:  fillsLog, after: hungLong,
			want: want{state: "hung", kinds: []string{"socket-wait"}, at: "audit.py#buy",
				says: []string{`does not read|not read`}, silent: []string{`waits for an answer`}},
		},
		{
			name: "clients send their uploads very slowly, and others wait", worlds: both,
			serve: gunicorn("upstreams", "-k", "gthread", "--threads", "4", "-w", "1"),
			hang: func(s *stage) {
				for range 4 {
					s.dial("POST /upload HTTP/1.1\r\nHost: shop\r\nContent-Length: 100000\r\n\r\nbegin")
				}
				s.wait(500 * time.Millisecond)
				s.stick("/ok", 3)
			}, after: 4 * time.Second,
			want: want{free: true, says: []string{`client`}, silent: []string{`timeout and make it`}},
		},
		{
			name: "a client reads an answer so slowly that its only thread waits", worlds: both,
			serve: gunicorn("upstreams", "-w", "1"),
			hang: func(s *stage) {
				s.begins()
				s.dial("GET /big HTTP/1.1\r\nHost: shop\r\n\r\n") // and it reads nothing
				s.wait(500 * time.Millisecond)
				s.stick("/ok", 3)
			}, after: 6 * time.Second,
			want: want{free: true, says: []string{`client`}, silent: []string{`^healthy: no worker hangs$`}},
		},
		{
			name: "tornado: the loop waits for an answer", worlds: olden,
			serve: with(deafUpstream, gunicorn("upstreams", "-k", "tornado", "-w", "2")),
			hang:  sticks("/rates", 1), after: hungLong,
			want: want{state: "hung", hung: 1, kinds: anAnswer, at: "upstreams.py#rates",
				says: []string{`127\.0\.0\.1:${UPSTREAM}`}},
		},
		{
			name: "the name server does not answer", worlds: olden, root: true,
			serve: behindDeafNames,
			hang:  sticks("/webhook", 1), after: hungLong,
			want: want{state: "hung", hung: 1, kinds: anAnswer, at: "upstreams.py#webhook", says: []string{`${NAMES}`}},
		},
		{
			name: "uWSGI: every thread waits for an answer, and its queue of connections is full", worlds: both,
			serve: with(deafUpstream, uwsgi("--http-socket", "--processes", "2", "--threads", "2", "--listen", "6")),
			hang:  with(sticks("/rates", 4), func(s *stage) { s.send("/ok", 12) }), after: 6 * time.Second,
			want: want{state: "hung", hung: 2, kinds: anAnswer, at: "upstreams.py#rates", says: []string{`backlog`}},
		},
		{
			name: "uWSGI: behind its own router a worker waits for an answer", worlds: both,
			serve: with(deafUpstream, uwsgi("--http", "--processes", "2"), byPort),
			hang:  sticks("/rates", 1), after: hungLong,
			want: want{state: "hung", hung: 1, kinds: anAnswer, at: "upstreams.py#rates",
				says: []string{`127\.0\.0\.1:${UPSTREAM}`, `HUNG: 1 of 2 workers`}, silent: []string{`^healthy`}},
		},
		{
			name: "uWSGI: behind its own router all threads of a worker wait for an answer", worlds: today,
			serve: with(deafUpstream, uwsgi("--http", "--processes", "1", "--threads", "2")),
			hang:  sticks("/rates", 3), after: hungLong,
			want: want{state: "hung", hung: 1, kinds: anAnswer, at: "upstreams.py#rates",
				says: []string{`127\.0\.0\.1:${UPSTREAM}`}, silent: []string{`^healthy`}},
		},
		{
			name: "a file system's server does not answer", worlds: olden, root: true,
			serve: with(mountShare, gunicorn("files", "-w", "2")),
			hang:  sticks("/file", 1), after: hungLong,
			want: want{state: "hung", hung: 1, kinds: aFile, at: "files.py#file", says: []string{`share\.py`}},
		},
		{
			name: "the server is in a network of its own", worlds: today, root: true,
			serve: inOwnNetwork,
			hang: func(s *stage) {
				s.begins()
				for range 6 { // the first of each worker gets the lock
					s.start("nsenter", "-n", "-t", fmt.Sprint(s.server.pid), "curl", "-s", "-m", "300",
						fmt.Sprintf("http://127.0.0.1:%d/reserve", s.port))
				}
				s.begins()
			}, after: hungLong,
			want: want{state: "hung", hung: 2, kinds: aLock, at: "pools.py#reserve", silent: []string{`^healthy`}},
		},
		{
			name: "the server is of another user", worlds: olden, root: true,
			serve: func(s *stage) {
				s.deaf()
				s.app("python/upstreams.py")
				uid, gid, err := userNumbers("nobody")
				if err != nil {
					s.t.Fatal(err)
				}
				s.server = s.startAs(keeperSpec{Args: []string{s.tool("python3"), "-m", "gunicorn", "-w", "2", "-t",
					"300", "-b", s.address(), "upstreams:app"}, UID: uid, GID: gid}, nil)
				s.up("/ok")
			},
			hang: sticks("/rates", 2), after: hungLong,
			want: want{state: "hung", hung: 2, kinds: anAnswer, at: "upstreams.py#rates",
				says: []string{`127\.0\.0\.1:${UPSTREAM}`}},
		},
	}
}

// byPort has hangtime find the server by its port.
func byPort(s *stage) { s.target = []string{"--port", fmt.Sprint(s.port)} }

// uwsgi serves upstreams.py; how is its option for the address. Debian's is in pieces, of which those for Python and
// HTTP are loaded.
func uwsgi(how string, args ...string) func(*stage) {
	return func(s *stage) {
		s.t.Helper()
		s.app("python/upstreams.py")
		command := []string{s.tool("uwsgi")}
		if s.world.name == debian.name {
			command = append(command, "--plugins", "http,python3")
		}
		command = append(command, how, s.address(), "--master", "--wsgi-file", "upstreams.py")
		s.serve(append(command, args...)...)
		s.up("/ok")
	}
}

// deafLog is a system's log that reads nothing.
func deafLog(s *stage) {
	s.t.Helper()
	c, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: filepath.Join(s.dir, "log"), Net: "unixgram"})
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { c.Close() })
}

// fillsLog buys until a purchase is not answered: as many lines as the socket takes.
func fillsLog(s *stage) {
	s.t.Helper()
	s.until("the log is full", func() bool {
		s.first = time.Now()
		return s.get("/buy") == 0
	})
	s.last = s.first
}

// behindDeafNames starts the server where the only name server takes questions and answers none. Its address is one
// of the loopback's 16 million.
func behindDeafNames(s *stage) {
	s.t.Helper()
	address := fmt.Sprintf("127.%d.%d.%d", 1+rand.IntN(250), rand.IntN(250), 1+rand.IntN(250))
	c, err := net.ListenPacket("udp", address+":53")
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { c.Close() })
	s.set("NAMES", address)
	names := s.file("resolv.conf", "nameserver "+address+"\noptions timeout:30 attempts:3\n")
	s.app("python/upstreams.py")
	s.serve("unshare", "-m", "sh", "-c", "mount --make-rprivate / && mount --bind "+names+" /etc/resolv.conf && exec "+
		s.tool("python3")+" -m gunicorn -w 2 -t 300 -b "+s.address()+" upstreams:app")
	s.up("/ok")
}

func mountShare(s *stage) {
	s.t.Helper()
	mount := filepath.Join(s.dir, "share")
	if err := os.Mkdir(mount, 0o755); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() {
		s.until("the file system is gone", func() bool { return unmount(mount) })
	})
	s.start(debian.folder+"python3", s.app("python/share.py"))
	s.until("the file system is there", func() bool { return mounted(mount) })
}

// inOwnNetwork starts a server that nobody outside of its network namespace can ask.
func inOwnNetwork(s *stage) {
	s.t.Helper()
	s.app("python/pools.py")
	s.serve("unshare", "-n", "sh", "-c", "ip link set lo up && exec "+s.tool("python3")+" -m gunicorn -w 2 -t 300 -b "+
		s.address()+" pools:app")
	s.until("the server answers in its network", func() bool {
		out, _, code := s.run("nsenter", "-n", "-t", fmt.Sprint(s.server.pid), "curl", "-s", "-m", "2",
			fmt.Sprintf("http://127.0.0.1:%d/ok", s.port))
		return code == 0 && out == "ok\n"
	})
}

// fewFiles is a worker that may have 40 files open.
func fewFiles(s *stage) {
	s.t.Helper()
	s.app("python/upstreams.py")
	s.serve("prlimit", "--nofile=40:40", s.tool("python3"), "-m", "gunicorn", "-k", "gthread", "--threads", "4", "-w", "1",
		"-t", "300", "-b", s.address(), "upstreams:app")
	s.up("/ok")
}
