//go:build realservers

package realservers

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// frontCases: web servers before an application.
func frontCases() []realCase {
	frontLoad := func(s *stage) { s.load("/ok", 100*time.Millisecond) }
	return []realCase{
		{
			name:  "nginx is well, and the application behind it does not answer",
			serve: with(deafUpstream, nginx(os.DevNull)),
			hang:  with(sticks("/app", 5), frontLoad), after: 8 * time.Second,
			want: want{free: true, says: []string{`upstream|answer`, `127\.0\.0\.1:${UPSTREAM}`},
				silent: []string{`long-poll`}},
		},
		{
			name:  "nginx is well, and gunicorn behind it was stopped",
			serve: with(stoppedGunicorn, nginx(os.DevNull)),
			hang:  with(sticks("/app", 5), frontLoad), after: 8 * time.Second,
			want: want{free: true, says: []string{`upstream|answer`, `127\.0\.0\.1:${UPSTREAM}`},
				silent: []string{`long-poll`}},
		},
		{
			name:  "HAProxy is well, and the application behind it does not answer",
			serve: with(deafUpstream, haproxy),
			hang:  with(sticks("/app", 5), frontLoad), after: 8 * time.Second,
			want: want{free: true, says: []string{`upstream|answer`, `127\.0\.0\.1:${UPSTREAM}`},
				silent: []string{`long-poll`}},
		},
		{
			name: "nginx: Lua waits for a program that never ends",
			serve: func(s *stage) {
				s.serve("nginx", "-p", "/usr/share/nginx", "-c", s.conf("fronts/lua.conf"))
				s.up("/ok")
			},
			hang: func(s *stage) {
				s.stick("/resize", 1)
				s.send("/ok", 8) // one of two listening sockets is the stuck worker's: half of them come to it
			}, after: hungLong,
			want: want{state: "hung", hung: 1, kinds: aChild, says: []string{`sleep 3600`}, silent: []string{`^healthy`}},
		},
		{
			name:  "nginx writes its log into a full pipe that nobody reads",
			serve: with(namedPipe, stoppedReader, func(s *stage) { nginx(s.dir + "/news")(s) }),
			hang:  fillsAccessLog(60), after: hungLong,
			want: want{state: "hung", kinds: aFullPipe, says: []string{`full pipe`}},
		},
		{
			name: "Apache writes its log to a program that does not read",
			serve: func(s *stage) {
				s.apache("prefork", `
StartServers 3
ServerLimit 3
MaxRequestWorkers 3
LogFormat "%r %{X-Pad}i" padded
CustomLog "|/bin/sleep 3600" padded`)
			},
			hang: fillsAccessLog(24), after: hungLong,
			want: want{state: "hung", kinds: aFullPipe, says: []string{`full pipe`}},
		},
		{
			name: "Apache: every thread waits for the application behind it",
			serve: with(deafUpstream, func(s *stage) {
				s.apache("event", `
StartServers 1
ServerLimit 1
ThreadsPerChild 4
MaxRequestWorkers 4
MinSpareThreads 1
MaxSpareThreads 4
Timeout 600
`+behindApache)
			}),
			hang: sticks("/app/pay?card=4711", 7), after: hungLong,
			want: want{state: "hung", hung: 1, kinds: anAnswer, says: []string{`answer`, `GET /app/pay, [\d.]+ s`},
				silent: []string{`main thread is in read`, `4711`}},
		},
		{
			name: "Apache: a child waits for the application behind it, and tells its request by its scoreboard",
			serve: with(deafUpstream, func(s *stage) {
				s.apache("prefork", `
StartServers 3
ServerLimit 3
MaxRequestWorkers 3
Timeout 600
`+behindApache)
			}),
			hang: sticks("/app/pay", 4), after: hungLong,
			want: want{state: "hung", hung: 3, kinds: anAnswer, says: []string{`127\.0\.0\.1:${UPSTREAM}|answer`, `GET /app/pay, [\d.]+ s`}},
		},
		{
			name:  "healthy: Apache is reloaded gracefully under load",
			serve: func(s *stage) { s.apache("prefork", "\nStartServers 4") },
			hang: func(s *stage) {
				s.load("/ok", 30*time.Millisecond)
				s.wait(3 * time.Second)
				s.trickle("/big")
				s.keepAlive(2)
				for range 2 {
					s.wait(2 * time.Second)
					s.signal(syscall.SIGUSR1)
				}
			}, after: 4 * time.Second,
		},
		{
			name:  "healthy: nginx is reloaded under load, with downloads in old workers",
			serve: with(func(s *stage) { s.slow(20 * time.Second) }, nginx(os.DevNull)),
			hang: func(s *stage) {
				s.load("/ok", 30*time.Millisecond)
				s.wait(3 * time.Second)
				s.trickle("/big")
				s.send("/app", 2)
				for range 2 {
					s.wait(2 * time.Second)
					s.signal(syscall.SIGHUP)
				}
			}, after: 4 * time.Second,
		},
		{
			name:  "lighttpd is well, and the PHP that it started waits for a lock of a file",
			serve: lighttpd, hang: with(keepsBook, sticks("/book", 5)), after: 8 * time.Second,
			want: want{state: "hung", hung: 3, kinds: aFileLock, at: "desk.php#book", holder: true,
				says: []string{`\(lighttpd .*\) at 127\.0\.0\.1`, `\(upstream\)`, `answer of upstream \S+/php\.sock\S*, pid \d+ \(\S*php-cgi\)`}},
		},
		{name: "healthy: lighttpd with PHP without a request", serve: lighttpd, after: 4 * time.Second},
		{name: "healthy: HAProxy without a request", serve: with(deafUpstream, haproxy), after: 4 * time.Second},
	}
}

// public makes a folder of files: a small one and one of 60 MB.
func (s *stage) public() {
	s.t.Helper()
	folder := filepath.Join(s.dir, "public")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		s.t.Fatal(err)
	}
	s.file("public/ok", "ok\n")
	big := filepath.Join(folder, "big")
	s.file("public/big", "")
	if err := os.Truncate(big, 60_000_000); err != nil {
		s.t.Fatal(err)
	}
}

// nginx serves the files, and /app by UPSTREAM.
func nginx(log string) func(*stage) {
	return func(s *stage) {
		s.t.Helper()
		s.public()
		s.set("LOG", log)
		if _, is := s.lookup("UPSTREAM"); !is {
			s.set("UPSTREAM", "9")
		}
		s.serve("nginx", "-c", s.conf("fronts/nginx.conf"))
		s.up("/ok")
		s.children(2)
	}
}

// behindApache is an application that Apache passes requests on to, and that it keeps the account of them (mod_status).
const behindApache = `LoadModule status_module /usr/lib/apache2/modules/mod_status.so
LoadModule proxy_module /usr/lib/apache2/modules/mod_proxy.so
LoadModule proxy_http_module /usr/lib/apache2/modules/mod_proxy_http.so
ProxyPass /app http://127.0.0.1:@UPSTREAM@/`

// apache serves the files, with more settings.
func (s *stage) apache(mpm, more string) {
	s.t.Helper()
	s.public()
	s.set("MPM", mpm)
	path := s.conf("fronts/apache.conf")
	text, err := os.ReadFile(path)
	if err != nil {
		s.t.Fatal(err)
	}
	s.file(filepath.Base(path), string(text)+s.fill(more)+"\n")
	s.serve("apache2", "-DFOREGROUND", "-f", path)
	s.up("/ok")
}

func haproxy(s *stage) {
	s.t.Helper()
	s.serve("haproxy", "-W", "-f", s.conf("fronts/haproxy.cfg"))
	s.up("/ok")
	s.children(1)
}

// lighttpd starts PHP itself: a process that forks three others and waits for their ends.
func lighttpd(s *stage) {
	s.t.Helper()
	s.app("php/desk.php")
	s.serve("lighttpd", "-D", "-f", s.conf("fronts/lighttpd.conf"))
	s.up("/ok")
}

// keepsBook has the book of the front desk locked, and keeps it so.
func keepsBook(s *stage) {
	s.t.Helper()
	keeper := s.start("flock", s.file("book", ""), "sh", "-c", "echo locked; exec sleep 3600")
	s.said(keeper, "locked")
	s.holder = keeper.pid
}

// stoppedGunicorn is an upstream whose arbiter and worker are stopped: the kernel takes connections for them.
func stoppedGunicorn(s *stage) {
	s.t.Helper()
	port := freePort(s.t)
	s.app("python/busy.py")
	upstream := s.start(debian.folder+"python3", "-m", "gunicorn", "-w", "1", "-b", fmt.Sprintf("127.0.0.1:%d", port),
		"busy:app")
	s.listens(port)
	s.said(upstream, "Booting worker")
	for _, pid := range append(below(upstream.pid), upstream.pid) {
		stop(s, pid)
	}
	s.set("UPSTREAM", strconv.Itoa(port))
}

// stoppedReader has the named pipe open, and reads nothing.
func stoppedReader(s *stage) {
	s.t.Helper()
	reader := s.start("sh", "-c", "exec 5<>"+s.dir+"/news; echo open; kill -STOP $$")
	s.said(reader, "open")
}

// fillsAccessLog asks with long headers until the pipe of the log holds no more: 64 KiB. The hang begins somewhere
// among the requests.
func fillsAccessLog(n int) func(*stage) {
	return func(s *stage) {
		s.t.Helper()
		s.begins()
		for range n {
			s.background(func(ctx context.Context) {
				req, err := http.NewRequestWithContext(ctx, http.MethodGet,
					fmt.Sprintf("http://127.0.0.1:%d/ok", s.port), nil)
				if err != nil {
					return
				}
				req.Header.Set("X-Pad", strings.Repeat("x", 6000))
				client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
				if resp, err := client.Do(req); err == nil {
					resp.Body.Close()
				}
			})
			time.Sleep(between)
		}
		s.begins()
	}
}
