package diagnose

import (
	"testing"
	"time"

	"github.com/hangtime-dev/hangtime/history"
)

// poolThreads is a worker of Python with a main thread that takes connections and a thread of its pool for each of waits,
// which came one after the other from 2 s on, and so many requests more that nobody is at.
func poolThreads(lasts time.Duration, more int, found func(tid int, still time.Duration) []history.Event, n int) *Fold {
	return fold(script(pool(1), healthy(1, 101, 1*s, 2*s), every(2*s, lasts, func(t time.Duration) []history.Event {
		all := []history.Event{accepting(101, 101, 10*ms),
			code(101, 101, func(st *history.Stack) { st.Idle, st.Main, st.Own = true, true, 0 })}
		var ages []time.Duration
		for i := range n {
			if since := 2*s + time.Duration(i)*500*ms; t >= since {
				all = append(all, found(111+i, t-since)...)
				ages = append(ages, t-since)
			}
		}
		for range more {
			ages = append(ages, t-2*s)
		}
		return look(101, inside(101, ages...), all...)
	})))
}

func TestALockThatNobodyAtWorkHasIsNeverReleased(t *testing.T) {
	lockOf := func(owner uint64, third string) func(int, time.Duration) []history.Event {
		return func(tid int, still time.Duration) []history.Event {
			return []history.Event{stands(101, tid, "futex", still), code(101, tid, func(st *history.Stack) {
				st.Pool, st.Wait = true, &history.Wait{On: "lock", Object: 7, Name: "L", Owner: owner}
				if tid == 113 {
					st.Wait.On = third
				}
			})}
		}
	}
	check(t, "all wait for it", poolThreads(9*s, 0, lockOf(0, "lock"), 3),
		wanted{state: Hung, cause: CauseMutex, began: 2500 * ms, detected: 7500 * ms, says: "no other thread is at work"})
	check(t, "and two more wait for a thread", poolThreads(9*s, 2, lockOf(0, "lock"), 3),
		wanted{state: Hung, cause: CausePool, began: 3 * s, detected: 8 * s, says: "and 2 more wait for a thread"})
	check(t, "one is at something else", poolThreads(9*s, 0, lockOf(0, "event"), 3), wanted{state: Busy, label: Slow})
	check(t, "nobody waits behind the first", poolThreads(9*s, 0, lockOf(0, "lock"), 1), wanted{state: Busy, label: Slow})
}

func TestAPoolThatSlowClientsHaveUsedUpHangsWhereOthersWait(t *testing.T) {
	reads := func(tid int, still time.Duration) []history.Event {
		return []history.Event{stands(101, tid, "recvfrom", still), code(101, tid, func(st *history.Stack) { st.Pool = true }),
			history.SocketWait{PID: 101, TID: tid, FD: tid, Op: "recvfrom", Family: "tcp", Remote: "127.0.0.1:40001",
				State: "ESTAB", Client: true, Silent: -1, Still: still}}
	}
	check(t, "two wait for a thread", poolThreads(9*s, 2, reads, 2),
		wanted{state: Hung, cause: CauseClient, began: 2500 * ms, detected: 7500 * ms,
			says: "waiting for a slow client, and 2 more wait for a thread"})
	check(t, "nobody does", poolThreads(9*s, 0, reads, 2), wanted{state: Busy, label: SlowPeer})
}
