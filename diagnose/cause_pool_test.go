package diagnose

import (
	"strings"
	"testing"
	"time"

	"github.com/hangtime-dev/hangtime/history"
)

// TestAPoolThatWaitsForAServerNamesIt: the language says only that it is a socket.
func TestAPoolThatWaitsForAServerNamesIt(t *testing.T) {
	for state, want := range map[string]string{
		"SYN-SENT": "are waiting for the connection to 10.0.0.7:5432 (pid 9 (bank))",
		"ESTAB":    "are waiting for an answer of 10.0.0.7:5432 (pid 9 (bank))",
	} {
		w := fold(script(pool(1), healthy(1, 101, 1*s, 5*s), every(5*s+100*ms, 11*s, func(t time.Duration) []history.Event {
			found := []history.Event{accepting(101, 101, 10*ms)}
			for tid := 111; tid < 113; tid++ {
				found = append(found, stands(101, tid, "poll", t-5*s),
					history.SocketWait{PID: 101, TID: tid, Op: "poll", Family: "tcp", Remote: "10.0.0.7:5432", State: state,
						Silent: -1, Still: t - 5*s, Peers: []history.Peer{{PID: 9, Command: "bank"}}},
					code(101, tid, func(st *history.Stack) { st.Pool, st.Wait = true, &history.Wait{On: "socket"} }))
			}
			return look(101, inside(101, t-5*s, t-5*s, t-5*s), found...)
		}))).Workers()[0]
		if w.State != Hung || !strings.Contains(w.Cause.Sentence, want) {
			t.Errorf("%s: %s, %+v", state, w.State, w.Cause)
		}
	}
}

// TestAThreadThatWokeUpOnceHasWaitedAllTheTime: it went back to the answer that had not come, by the kernel's account of the
// connection, whether somebody watched then or came later.
func TestAThreadThatWokeUpOnceHasWaitedAllTheTime(t *testing.T) {
	woken := func(asked time.Duration) []Incident {
		return fold(script(at(20*s, history.ServerStarted{Server: "attach", PID: 1, HangAfter: 10 * s},
			history.WorkerSeen{PID: 101, Worker: 1, Born: 1 * s}), every(20*s, 24*s, func(t time.Duration) []history.Event {
			found := []history.Event{accepting(101, 101, 10*ms)}
			for i, from := range []time.Duration{5 * s, 15 * s} {
				found = append(found, stands(101, 111+i, "poll", t-from),
					history.SocketWait{PID: 101, TID: 111 + i, Op: "poll", Family: "tcp", Remote: "10.0.0.7:5432", State: "ESTAB",
						Silent: t - 2*s, Asked: t - asked, Still: t - from},
					code(101, 111+i, func(st *history.Stack) { st.Pool, st.Wait = true, &history.Wait{On: "socket"} }))
			}
			return look(101, inside(101, t-5*s, t-5*s, t-5*s), found...)
		}))).Incidents()
	}
	if got := woken(5 * s); len(got) != 1 || got[0].Began != 5*s {
		t.Errorf("nothing was said since: %+v", got)
	}
	if got := woken(15 * s); len(got) != 1 || got[0].Began != 15*s {
		t.Errorf("it asked again then: %+v", got)
	}
}
