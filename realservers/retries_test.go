//go:build realservers

package realservers

import "slices"

// retryCases: waits that sleep, ask, and sleep again. No single sleep is long.
func retryCases() []realCase {
	return []realCase{
		{
			name: "SQLite asks again for a lock that another process keeps", worlds: both,
			serve: with(archivist, gunicorn("retries", "-w", "3")),
			hang:  sticks("/keep", 2), after: hungLong,
			want: want{state: "hung", hung: 2, kinds: slices.Concat(anotherTry, aFileLock), at: "retries.py#keep",
				silent: []string{`saturated`, `^healthy`}},
		},
		{
			name: "Redis is asked again for a lease whose owner has died", worlds: both,
			serve: with(redisServer, gunicorn("retries", "-w", "2"), leased),
			hang:  sticks("/lease", 2), after: hungLong,
			want: want{state: "hung", hung: 2, kinds: anotherTry, at: "retries.py#lease", silent: []string{`^healthy`}},
		},
		{
			name: "a server that is not there is tried three times a second", worlds: both,
			serve: gunicorn("retries", "-w", "2"),
			hang:  sticks("/deliver?0.3", 1), after: hungLong,
			want: want{state: "hung", hung: 1, kinds: anotherTry, at: "retries.py#deliver", silent: []string{`^healthy`}},
		},
		{
			name: "a server that is not there is tried each four seconds", worlds: today,
			serve: gunicorn("retries", "-w", "2"),
			hang:  sticks("/deliver?4", 1), after: hungLong,
			want: want{state: "hung", hung: 1, kinds: anotherTry, at: "retries.py#deliver", silent: []string{`^healthy`}},
		},
	}
}

// archivist is a process that writes in the archive and does not end.
func archivist(s *stage) {
	s.t.Helper()
	s.said(s.start(debian.folder+"python3", s.app("python/archivist.py")), "writing")
}

// leased takes the lease for somebody who dies.
func leased(s *stage) {
	s.t.Helper()
	s.up("/lease")
}
