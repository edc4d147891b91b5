package diagnose

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hangtime-dev/hangtime/history"
)

// inSession is a worker whose main thread waits since 5 s at a connection to a database, at local port 6100 + pid, and
// what that says of its sessions.
func inSession(pid int, to time.Duration, said func(at time.Duration) history.Sessions) []moment {
	return every(5*s+100*ms, to, func(t time.Duration) []history.Event {
		wait := upstream(pid, "127.0.0.1:5432", t-5*s)
		wait.Local = "127.0.0.1:" + map[int]string{101: "6201", 102: "6202"}[pid]
		found := look(pid, inside(pid, t-5*s), stands(pid, pid, "poll", t-5*s), wait, code(pid, pid, func(st *history.Stack) {
			st.Request = &history.Request{Method: "GET", Path: "/pay", Port: 40001}
		}))
		if t%s == 500*ms {
			found = append(found, said(t))
		}
		return found
	})
}

// waitsForKey is a worker whose main thread asks again and again for a lock in Redis, and what that says of the key.
func waitsForKey(to time.Duration, key func(at time.Duration) history.Key) []moment {
	return every(5*s+100*ms, to, func(t time.Duration) []history.Event {
		th := stands(101, 101, "clock_nanosleep", 30*ms)
		found := look(101, inside(101, t-5*s), th, code(101, 101, func(st *history.Stack) {
			st.Frames, st.Own = []string{"acquire (redis/lock.py:209)", "pay (app.py:12)"}, 2
			st.Wait = &history.Wait{On: "lock in Redis", Object: 7, Name: "stock"}
			st.Request = &history.Request{Method: "GET", Path: "/pay", Port: 40001}
		}))
		if t%s == 500*ms {
			found = append(found, history.Sessions{Database: "Redis at 127.0.0.1:6379", Keys: []history.Key{key(t)}})
		}
		return found
	})
}

// TestALockInRedisWhoseHolderIsGone: nobody releases it, and it does not expire.
func TestALockInRedisWhoseHolderIsGone(t *testing.T) {
	for _, row := range []struct {
		name, kind, says string
		key              func(at time.Duration) history.Key
	}{
		{"gone", CauseDatabase, "the holder of the lock is gone", func(at time.Duration) history.Key {
			return history.Key{Name: "stock", Age: at}
		}},
		{"somebody who may have it is connected", CausePolling, `has the key "stock", which was set 14.5 s ago`, func(at time.Duration) history.Key {
			return history.Key{Name: "stock", Age: at, Since: 1}
		}},
		{"it expires", CausePolling, "expires in 3.0 s", func(at time.Duration) history.Key {
			return history.Key{Name: "stock", Age: at, Left: 3 * s}
		}},
		{"another key", CausePolling, "it waits for the lock in Redis stock", func(at time.Duration) history.Key {
			return history.Key{Name: "other", Age: at}
		}},
	} {
		all := fold(script(pool(1), healthy(1, 101, 1*s, 5*s), waitsForKey(18*s, row.key))).Incidents()
		if len(all) != 1 || all[0].Cause.Kind != row.kind || !strings.Contains(all[0].Cause.Sentence, row.says) {
			t.Errorf("%s: got %+v, want %s that says %q", row.name, all, row.kind, row.says)
		}
	}
}

const bank = "PostgreSQL at 127.0.0.1:5432"

// session waits for another one, or for none.
func session(id uint64, pid int, since time.Duration, blockers ...uint64) history.Session {
	one := history.Session{ID: id, State: "active", For: since, Statement: "update account set balance = ?", Blockers: blockers,
		Peer: history.Peer{PID: pid, Command: "client"}, Client: map[int]string{101: "127.0.0.1:6201", 102: "127.0.0.1:6202"}[pid]}
	if len(blockers) > 0 {
		one.Waits = "a row of account"
	}
	return one
}

func forgotten(one history.Session) history.Session {
	one.State = "idle in transaction"
	return one
}

func says(all ...history.Session) func(time.Duration) history.Sessions {
	return func(time.Duration) history.Sessions {
		return history.Sessions{Database: bank, System: "PostgreSQL", All: all}
	}
}

// TestAHangGoesOnInItsDatabase: what a database says of its sessions leads from the worker that waits to whoever keeps it.
func TestAHangGoesOnInItsDatabase(t *testing.T) {
	row := func(name string, said func(time.Duration) history.Sessions, beside []moment, check func(*testing.T, Cause)) {
		t.Run(name, func(t *testing.T) {
			f := fold(script(pool(2), healthy(1, 101, 1*s, 5*s), healthy(2, 102, 1*s, 5*s), inSession(101, 17*s, said), beside))
			all := f.Incidents()
			i := slices.IndexFunc(all, func(in Incident) bool { return in.Victims[0].PID == 101 })
			if i < 0 {
				t.Fatalf("no incident of worker 1: %+v", all)
			}
			check(t, all[i].Cause)
		})
	}
	has := func(t *testing.T, text string, parts ...string) {
		t.Helper()
		for _, part := range parts {
			if !strings.Contains(text, part) {
				t.Errorf("%q does not say %q", text, part)
			}
		}
	}
	labels := func(g Graph) (all []string) {
		for _, b := range g.Tree() {
			all = append(all, strings.TrimSpace(b.By+" "+b.Label))
		}
		return all
	}
	idle := free(102, 5*s, 17*s)
	row("a transaction that somebody has forgotten", says(session(1, 101, 9*s, 2), forgotten(session(2, 900, 31*s))), idle,
		func(t *testing.T, c Cause) {
			if c.Kind != CauseDatabase || c.Confidence != Proven || c.Session != 2 || c.Cycle {
				t.Errorf("%+v", c)
			}
			has(t, c.Short, "a row of account ← session 2, idle in transaction")
			has(t, c.Sentence, "for a row of account; session 2 holds it", `last did "update account set balance = ?"`, "pid 900 (client)")
			has(t, c.Remedy, "end session 2 of "+bank+" (select pg_terminate_backend(2))")
			want := []string{"GET /pay", "is in worker 1 (pid 101), its main thread", "waits for an answer of session 1 of " + bank,
				"waits 9.0 s for a row of account of session 2 of " + bank + ", idle in transaction 31.0 s", "is a connection of pid 900 (client)"}
			if got := labels(c.Graph); !slices.Equal(got, want) {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	row("a worker that has left it open", says(session(1, 101, 9*s, 2), forgotten(session(2, 102, 31*s))), idle,
		func(t *testing.T, c Cause) {
			has(t, c.Sentence, "pid 102, worker 2 of this server, which has no request inside: it has left its transaction open")
		})
	busy := every(5*s+100*ms, 17*s, func(t time.Duration) []history.Event {
		return look(102, inside(102, t-5*s), stands(102, 102, "clock_nanosleep", t-5*s), code(102, 102, func(st *history.Stack) {
			st.Frames, st.Own = []string{"report (app.py:30)"}, 1
			st.Request = &history.Request{Method: "GET", Path: "/report", Port: 40001}
		}))
	})
	row("a worker that sleeps in it", says(session(1, 101, 9*s, 2), forgotten(session(2, 102, 31*s))), busy,
		func(t *testing.T, c Cause) {
			has(t, c.Sentence, "worker 2 of this server, which is in report (app.py:30) (GET /report)")
			has(t, c.Remedy, "on every way out in report (app.py:30)")
		})
	row("a queue of three", says(session(1, 101, 9*s, 2), session(2, 901, 12*s, 3), forgotten(session(3, 900, 31*s))), idle,
		func(t *testing.T, c Cause) {
			if c.Session != 3 || len(c.Chain) != 3 {
				t.Errorf("session %d, chain %q", c.Session, c.Chain)
			}
			has(t, c.Sentence, "session 3 keeps them all")
		})
	row("a circle", says(session(1, 101, 9*s, 2), session(2, 102, 9*s, 1)), idle,
		func(t *testing.T, c Cause) {
			if !c.Cycle || !c.Graph.Circle() {
				t.Errorf("no circle: %+v", c)
			}
		})
	row("itself", says(session(1, 101, 9*s, 2), forgotten(session(2, 101, 9*s))), idle,
		func(t *testing.T, c Cause) {
			if !c.Cycle || !c.Graph.Circle() {
				t.Errorf("no circle: %+v", c)
			}
			has(t, c.Sentence, "another connection of this very process")
		})
	row("a prepared transaction", says(session(1, 101, 9*s, 0)), idle, func(t *testing.T, c Cause) {
		has(t, c.Sentence, "a prepared transaction holds it")
	})
	row("one that was not listed", says(session(1, 101, 9*s, 77)), idle, func(t *testing.T, c Cause) {
		has(t, c.Short, "a session that was not listed")
	})
	row("it cannot be asked", func(time.Duration) history.Sessions {
		return history.Sessions{Database: bank, Trouble: "connect: too many clients already"}
	}, idle, func(t *testing.T, c Cause) {
		if c.Kind != CauseSocket {
			t.Errorf("%+v", c)
		}
		has(t, c.Sentence, bank+" could not be asked (connect: too many clients already)")
	})
	row("nobody waits in it", says(session(1, 101, 9*s)), idle, func(t *testing.T, c Cause) {
		if c.Kind != CauseSocket {
			t.Errorf("%+v", c)
		}
		has(t, c.Sentence, "says that its session 1 is active 9.0 s")
	})
	row("another connection of it waits", says(func() history.Session {
		one := session(1, 101, 9*s, 2)
		one.Client = "127.0.0.1:9999"
		return one
	}(), forgotten(session(2, 900, 31*s))), idle, func(t *testing.T, c Cause) {
		if c.Kind != CauseSocket {
			t.Errorf("what a thread waits at is another connection: %+v", c)
		}
	})
}
