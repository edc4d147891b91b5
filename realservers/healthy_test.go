//go:build realservers

package realservers

import (
	"strconv"
	"syscall"
	"time"
)

// healthyCases: servers that are well, though they look as if they were not: slow requests beside free siblings,
// connections held open on purpose, workers that leave because of a reload. Nothing must be found.
func healthyCases() []realCase {
	every := 150 * time.Millisecond
	return []realCase{
		{name: "gunicorn without a request", worlds: both, serve: gunicorn("busy", "-w", "2"), after: 4 * time.Second},
		{
			name: "three of eight threads take half a minute", worlds: both,
			serve: gunicorn("busy", "-k", "gthread", "--threads", "8", "-w", "1"),
			hang:  func(s *stage) { s.send("/wait?30", 3) }, after: 4 * time.Second,
		},
		{
			name: "two of three workers always wait two seconds", worlds: both,
			serve: gunicorn("busy", "-w", "3"),
			hang: func(s *stage) {
				s.load("/wait?2", every)
				s.wait(700 * time.Millisecond)
				s.load("/wait?2", every)
			}, after: 6 * time.Second,
		},
		{
			name: "one of three workers always computes for two seconds", worlds: olden,
			serve: gunicorn("busy", "-w", "3"),
			hang:  func(s *stage) { s.load("/compute", every) }, after: 6 * time.Second,
		},
		{
			name: "events are sent by threads", worlds: both,
			serve: gunicorn("busy", "-k", "gthread", "--threads", "8", "-w", "2"),
			hang: func(s *stage) {
				s.send("/events", 5)
				s.load("/ok", every)
			}, after: 14 * time.Second,
		},
		{
			name: "300 idle connections on gevent", worlds: both,
			serve: gunicorn("busy", "-k", "gevent", "--keep-alive", "300", "-w", "2"),
			hang:  func(s *stage) { s.keepAlive(300) }, after: 5 * time.Second,
		},
		{
			name: "every page takes two seconds, and ten clients wait for their turn in two workers", worlds: both,
			serve: with(gunicorn("busy", "-w", "2"), crowds), after: 14 * time.Second,
		},
		{
			name: "the same in one worker with two threads", worlds: both,
			serve: with(gunicorn("busy", "-k", "gthread", "--threads", "2", "-w", "1"), crowds), after: 14 * time.Second,
		},
		{
			name: "clients that have had their answers keep a thread each", worlds: both,
			serve: func(s *stage) {
				s.serve(s.tool("python3"), s.app("python/lines.py"), strconv.Itoa(s.port))
				s.listens(s.port)
			},
			hang: func(s *stage) {
				for range 5 {
					c := s.dial("a line\n")
					_, _ = c.Read(make([]byte, 7))
				}
			}, after: hungLong,
		},
		{
			name: "a pool of processes at rest", worlds: both,
			serve: gunicorn("busy", "-w", "1"),
			hang:  func(s *stage) { s.up("/squares") }, after: 8 * time.Second,
		},
		{
			name: "reloads by HUP under load", worlds: both,
			serve: gunicorn("busy", "-w", "3"),
			hang: func(s *stage) {
				s.load("/ok", every)
				s.load("/ok", every)
				for range 3 {
					s.wait(3 * time.Second)
					s.signal(syscall.SIGHUP)
				}
			}, after: 2 * time.Second,
		},
		{
			name: "a reload by HUP while requests take three seconds", worlds: both,
			serve: gunicorn("busy", "-k", "gthread", "--threads", "4", "-w", "2"),
			hang: func(s *stage) {
				s.load("/ok", every)
				s.send("/wait?5", 3)
				s.signal(syscall.SIGHUP)
			}, after: 3 * time.Second,
		},
		{
			name: "long polls of tasks, and a thread that reads an empty pipe", worlds: both,
			serve: uvicorn("quiet", "--workers", "2"),
			hang:  func(s *stage) { s.send("/poll", 3) }, after: 8 * time.Second,
		},
		{
			name: "web sockets and events on uvicorn", worlds: both,
			serve: uvicorn("quiet"),
			hang: func(s *stage) {
				s.webSocket("hello")
				s.webSocket("")
				s.send("/events", 2)
			}, after: 8 * time.Second,
		},
		{name: "uvicorn without a request", worlds: both, serve: uvicorn("quiet", "--workers", "2"), after: 4 * time.Second},
		{name: "Celery without a task", worlds: both, serve: with(redisServer, celery), after: 6 * time.Second},
		{
			name: "Celery after tasks", worlds: today, serve: with(redisServer, celery),
			hang: tasks("", "[tasks.quick.delay() for _ in range(20)]"), after: 4 * time.Second,
		},
		{name: "RQ without a job", worlds: both, serve: with(redisServer, rq), after: 6 * time.Second},
		{name: "uWSGI with threads and without a request", worlds: both,
			serve: uwsgi("--http-socket", "--processes", "2", "--threads", "3"), after: 4 * time.Second},
		{
			name: "waitress with idle threads", worlds: both, serve: waitress,
			hang: func(s *stage) { s.load("/ok", every) }, after: 5 * time.Second,
		},
	}
}

// crowds are ten clients who ask for pages of two seconds all the time; when it returns, each has waited for its turn.
func crowds(s *stage) {
	for range 10 {
		s.load("/wait?2", 0)
	}
	s.wait(6 * time.Second)
}
