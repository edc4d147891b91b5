//go:build realservers

package realservers

import (
	"fmt"
	"time"
)

// threadCases: threads of a pool that wait in user space for each other, or for a place in a smaller pool. To the
// kernel they look like idle ones.
func threadCases() []realCase {
	noPoll := []string{`long-poll`, `^healthy`}
	return []realCase{
		{
			name: "every thread waits for a lock that nobody releases", worlds: both,
			serve: gunicorn("pools", "-k", "gthread", "--threads", "3", "-w", "1"),
			hang:  sticks("/reserve", 6), after: 7 * time.Second,
			want: want{state: "hung", hung: 1, kinds: aLock, at: "pools.py#reserve", silent: noPoll},
		},
		{
			name: "every thread waits for a queue that nobody fills", worlds: both,
			serve: gunicorn("pools", "-k", "gthread", "--threads", "3", "-w", "1"),
			hang:  sticks("/offer", 6), after: 7 * time.Second,
			want: want{state: "hung", hung: 1, kinds: aLock, at: "pools.py#offer", silent: noPoll},
		},
		{
			name: "two threads take two locks in two orders", worlds: both,
			serve: gunicorn("pools", "-k", "gthread", "--threads", "4", "-w", "1"),
			hang: func(s *stage) {
				s.begins()
				s.send("/down", 1)
				s.send("/up", 1)
				s.wait(time.Second)
				s.stick("/down", 1)
				s.stick("/up", 2)
			}, after: 7 * time.Second,
			want: want{state: "hung", hung: 1, kinds: aLock, at: "pools.py#move", cycle: true, silent: noPoll},
		},
		{
			name: "every connection of a pool is lost, and threads wait for one", worlds: both,
			serve: with(bankAccount, gunicorn("ledger", "-k", "gthread", "--threads", "4", "-w", "1")),
			hang:  with(loseConnections, sticks("/accounts", 4)), after: hungLong,
			want: want{state: "hung", hung: 1, kinds: aLock, at: "ledger.py#accounts", silent: noPoll},
		},
		{
			name: "every connection of a pool is lost, and the only thread waits for one", worlds: today,
			serve: with(bankAccount, gunicorn("ledger", "-w", "1")),
			hang:  with(loseConnections, sticks("/accounts", 1)), after: hungLong,
			want: want{state: "hung", hung: 1, kinds: aLock, at: "ledger.py#accounts"},
		},
		{
			name: "an answer stops in its middle", worlds: both,
			serve: gunicorn("pools", "-w", "3"),
			hang:  sticks("/programme", 2), after: hungLong,
			want: want{state: "hung", hung: 2, kinds: aLock, at: "pools.py#programme", silent: []string{`^healthy`}},
		},
		{
			name: "waitress: every thread waits for an answer", worlds: both,
			serve: with(deafUpstream, waitress),
			hang:  sticks("/rates", 6), after: hungLong,
			want: want{state: "hung", hung: 1, kinds: anAnswer, at: "upstreams.py#rates",
				says: []string{`127\.0\.0\.1:${UPSTREAM}`}, silent: noPoll},
		},
		{
			name: "granian: every thread waits for a lock", worlds: today,
			serve: func(s *stage) {
				s.app("python/pools.py")
				s.python("granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", fmt.Sprint(s.port),
					"--workers", "1", "--blocking-threads", "2", "pools:app")
				s.up("/ok")
			},
			hang: sticks("/reserve", 4), after: hungLong,
			want: want{state: "hung", hung: 1, kinds: aLock, at: "pools.py#reserve", silent: noPoll},
		},
		{
			name: "Django's own server: requests wait for a lock", worlds: today,
			serve: func(s *stage) {
				s.serve(s.tool("python3"), s.app("python/shop.py"))
				s.up("/ok")
			},
			hang: sticks("/order", 2), after: hungLong,
			want: want{state: "hung", hung: 1, kinds: aLock, at: "shop.py#order", silent: noPoll},
		},
		{
			name: "gevent: greenlets wait for a lock that nobody releases", worlds: both,
			serve: gunicorn("pools", "-k", "gevent", "-w", "1"),
			hang:  with(func(s *stage) { s.up("/reserve") }, sticks("/reserve", 6)), after: hungLong,
			want: want{state: "hung", hung: 1, at: "pools.py#reserve", silent: noPoll},
		},
		{
			name: "one thread keeps the interpreter's lock while it sleeps in a library", worlds: both,
			serve: gunicorn("pools", "-k", "gthread", "--threads", "3", "-w", "1"),
			hang:  with(sticks("/meditate", 1), func(s *stage) { s.send("/ok", 4) }), after: 8 * time.Second,
			want: want{state: "hung", hung: 1, at: "pools.py#meditate", silent: noPoll},
		},
		{
			name: "of eight threads one waits for an answer, and stays alone", worlds: both,
			serve: with(deafUpstream, gunicorn("upstreams", "-k", "gthread", "--threads", "8", "-w", "1")),
			hang:  sticks("/rates", 1), after: hungLong,
			want: want{state: "hung", hung: 1, kinds: anAnswer, at: "upstreams.py#rates",
				says: []string{`127\.0\.0\.1:${UPSTREAM}`}, silent: noPoll},
		},
	}
}

func waitress(s *stage) {
	s.t.Helper()
	s.app("python/upstreams.py")
	s.python("waitress", "--listen="+s.address(), "--threads=4", "upstreams:app")
	s.up("/ok")
}

// loseConnections takes both connections of a pool and gives none back.
func loseConnections(s *stage) {
	s.t.Helper()
	for range 2 {
		s.up("/lose")
	}
}
