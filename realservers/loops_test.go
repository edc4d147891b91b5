//go:build realservers

package realservers

import (
	"fmt"
	"slices"
	"time"
)

// loopCases: event loops whose tasks wait for each other, and loops that one task stops.
func loopCases() []realCase {
	return []realCase{
		{
			name: "tasks wait for an asyncio lock that nobody releases", worlds: both,
			serve: with(uvicorn("loops"), func(s *stage) { s.up("/enter") }),
			hang:  sticks("/enter", 11), after: hungLong,
			want: want{state: "hung", hung: 1, at: "loops.py#enter", says: []string{`[Ll]ock`},
				silent: []string{`\(long-poll\)`}},
		},
		{
			name: "tasks wait for a future that nobody sets: it may be meant", worlds: both,
			serve: uvicorn("loops"),
			hang:  sticks("/confirm", 12), after: 8 * time.Second,
			want: want{free: true, at: "loops.py#confirm", silent: []string{`^healthy: no worker hangs$`}},
		},
		{
			name: "tasks wait for a place of two that are lost", worlds: today,
			serve: with(uvicorn("loops"), func(s *stage) { s.up("/sit"); s.up("/sit") }),
			hang:  sticks("/sit", 6), after: hungLong,
			want: want{state: "hung", hung: 1, at: "loops.py#sit", silent: []string{`\(long-poll\)`}},
		},
		{
			name: "tasks wait for a database connection of two that are lost", worlds: today,
			serve: with(bankAccount, uvicorn("orders"), loseConnections),
			hang:  sticks("/orders", 5), after: hungLong,
			want: want{state: "hung", hung: 1, at: "orders.py#orders", silent: []string{`\(long-poll\)`}},
		},
		{
			name: "tasks wait for a connection of SQLAlchemy's pool of two that are lost", worlds: today,
			serve: with(bankAccount, uvicorn("catalog"), loseConnections),
			hang:  sticks("/items", 5), after: hungLong,
			want: want{state: "hung", hung: 1, at: "catalog.py#items", says: []string{`QueuePool, 2 of 2 taken`}},
		},
		{
			name: "tasks wait for threads that sleep", worlds: both,
			serve: uvicorn("loops"),
			hang:  sticks("/search", 12), after: hungLong,
			want: want{state: "hung", hung: 1, kinds: slices.Concat(aPool, asleep), at: "loops.py#search"},
		},
		{
			name: "the loop waits for a lock of threads", worlds: both,
			serve: uvicorn("loops"),
			hang:  sticks("/remember", 4), after: 4 * time.Second,
			want: want{state: "hung", hung: 1, kinds: aLock, at: "loops.py#remember"},
		},
		{
			name: "the loop of one of two workers waits for an answer", worlds: both,
			serve: with(deafUpstream, uvicorn("loops", "--workers", "2")),
			hang:  sticks("/translate", 1), after: hungLong,
			want: want{state: "hung", hung: 1, kinds: anAnswer, at: "loops.py#translate",
				says: []string{`127\.0\.0\.1:${UPSTREAM}`}},
		},
		{
			name: "uvicorn: the loop sleeps", worlds: today,
			serve: uvicorn("loops"),
			hang:  sticks("/nap", 3), after: 4 * time.Second,
			want: want{state: "hung", hung: 1, kinds: asleep, at: "loops.py#nap"},
		},
		{
			name: "hypercorn: the loop sleeps", worlds: both,
			serve: func(s *stage) {
				s.app("python/loops.py")
				s.python("hypercorn", "-w", "1", "-b", s.address(), "loops:app")
				s.up("/ok")
			},
			hang: sticks("/nap", 3), after: 4 * time.Second,
			want: want{state: "hung", hung: 1, kinds: asleep, at: "loops.py#nap"},
		},
		{
			name: "granian: the loop waits for a lock of threads", worlds: today,
			serve: func(s *stage) {
				s.app("python/loops.py")
				s.python("granian", "--interface", "asgi", "--host", "127.0.0.1", "--port", fmt.Sprint(s.port),
					"--workers", "1", "loops:app")
				s.up("/ok")
			},
			hang: sticks("/remember", 3), after: hungLong,
			want: want{state: "hung", hung: 1, kinds: aLock, at: "loops.py#remember"},
		},
	}
}
