package diagnose

import (
	"testing"
	"time"

	"github.com/hangtime-dev/hangtime/history"
)

// TestThreadsThatAServerMadeForRequestsAreNotUsedUp: threads of a pool that were made together, because requests came
// together, are not all that there may be.
func TestThreadsThatAServerMadeForRequestsAreNotUsedUp(t *testing.T) {
	got := fold(script(pool(1), healthy(1, 101, 1*s, 5*s), every(8*s, 16*s, func(t time.Duration) []history.Event {
		loop := accepting(101, 101, t-8*s)
		loop.Age = t
		found := []history.Event{loop}
		for tid := 111; tid < 114; tid++ {
			one := stands(101, tid, "recvfrom", t-8*s)
			one.Age = t - 8*s
			found = append(found, one, history.SocketWait{PID: 101, TID: tid, FD: tid, Op: "recvfrom", Family: "tcp",
				Local: "127.0.0.1:4000", Remote: "127.0.0.1:9000", State: "ESTAB", Silent: -1, Asked: t - 8*s, Still: t - 8*s},
				code(101, tid, func(st *history.Stack) { st.Pool, st.Request = true, &history.Request{Method: "GET", Path: "/rates"} }))
		}
		return look(101, inside(101, t-8*s, t-8*s, t-8*s), found...)
	}))).Incidents()
	if len(got) > 0 {
		t.Errorf("three slow answers in a pool that may grow: %+v", got)
	}
}

// TestThreadsThatOpenFilesForALoopAreUsedUp: whoever asked a loop of Node for a file waits behind those of its four threads,
// which were kept before; as long as one of them rests, nobody does.
func TestThreadsThatOpenFilesForALoopAreUsedUp(t *testing.T) {
	node := func(kept int) *Fold {
		return fold(script(pool(1), healthy(1, 101, 1*s, 5*s), every(8*s, 16*s, func(t time.Duration) []history.Event {
			loop := accepting(101, 101, t-8*s)
			loop.Age = t
			found := []history.Event{loop, code(101, 101, func(st *history.Stack) {
				st.Language, st.Idle, st.Frames, st.Own = "javascript", true, nil, 0
			})}
			for i := range 4 {
				one := stands(101, 111+i, "openat", t-5*s)
				one.Age = t - 4*s
				if i >= kept {
					one.Syscall, one.For = "futex", "parked"
				}
				found = append(found, one)
				if i < kept {
					found = append(found, history.PipeWait{PID: 101, TID: 111 + i, FD: -1, Op: "read", Open: true, Path: "/run/news",
						Fill: -1, Size: -1, Still: t - 5*s})
				}
			}
			return look(101, inside(101, t-8*s, t-8*s), found...)
		})))
	}
	check(t, "all four are kept", node(4), wanted{state: Hung, cause: CausePipeEmpty, began: 8 * s, detected: 13 * s})
	if got := node(3).Incidents(); len(got) > 0 {
		t.Errorf("one rests: %+v", got)
	}
}
