package diagnose

import (
	"strings"
	"testing"
	"time"

	"github.com/hangtime-dev/hangtime/history"
)

// TestAThreadInAFutexThatCameWithARequestServesIt: of a program that tells nothing of its own, as a database does. Threads
// in a futex that rested before, or since, serve nobody.
func TestAThreadInAFutexThatCameWithARequestServesIt(t *testing.T) {
	database := func(sessions int, to time.Duration) []history.Record {
		return script(pool(1), healthy(1, 101, 1*s, 5*s), every(5*s+100*ms, to, func(t time.Duration) []history.Event {
			var ages []time.Duration
			main := accepting(101, 101, t-1*s)
			main.Syscall = "poll" // beside a loop in epoll_wait they might be parked
			found := []history.Event{
				main, stands(101, 102, "futex", t-1*s),
				stands(101, 103, "futex", max(t-7*s, 10*ms)), stands(101, 104, "futex", t%(1*s)),
			}
			for i := range sessions {
				ages = append(ages, t-5*s)
				found = append(found, stands(101, 111+i, "futex", t-5*s-10*ms),
					history.MutexWait{PID: 101, TID: 111 + i, Address: 0x7f00, Still: t - 5*s - 10*ms})
			}
			return look(101, inside(101, ages...), found...)
		}))
	}
	got := fold(database(3, 17*s)).Incidents()
	if len(got) != 1 || got[0].Cause.Kind != CauseMutex || got[0].Began != 5*s || got[0].Detected != 15*s ||
		!strings.HasPrefix(got[0].Cause.Sentence, "3 of its threads wait in futex") {
		t.Errorf("sessions that wait: %+v", got)
	}
	if got := fold(database(3, 14*s)).Incidents(); len(got) != 0 {
		t.Errorf("before they are older than work may be: %+v", got)
	}
}
