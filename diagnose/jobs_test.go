package diagnose

import (
	"testing"
	"time"

	"github.com/hangtime-dev/hangtime/history"
)

// Jobs that wait for a thread of a pool wait behind those that its threads are at, though no request is counted: calls
// of gRPC share one connection.
func TestAPoolForWhichJobsWaitIsCrowded(t *testing.T) {
	standing := func(change func(*history.Stack)) *Fold {
		return fold(script(pool(1), healthy(1, 101, 1*s, 2*s), every(2*s, 9*s, func(t time.Duration) []history.Event {
			events := []history.Event{accepting(101, 101, 10*ms)}
			for _, tid := range []int{111, 112} {
				events = append(events, stands(101, tid, "futex", t-2*s), code(101, tid, func(st *history.Stack) {
					st.Pool, st.Queued = true, 3
					change(st)
				}))
			}
			return look(101, inside(101), events...)
		})))
	}
	check(t, "jobs wait for two threads that stand still", standing(func(*history.Stack) {}),
		wanted{state: Hung, cause: CausePool, began: 2 * s, detected: 7 * s, says: "and 3 more wait for one"})
	check(t, "none waits", standing(func(st *history.Stack) { st.Queued = 0 }),
		wanted{state: Busy, label: Slow})
	check(t, "tasks of a queue were fetched before they can be worked on",
		standing(func(st *history.Stack) { st.Request = &history.Request{Path: "tasks.pay", ID: "5f0c"} }),
		wanted{state: Busy, label: Slow})
}
