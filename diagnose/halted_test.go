package diagnose

import (
	"strings"
	"testing"
	"time"

	"github.com/hangtime-dev/hangtime/history"
)

func TestAStoppedProcessThatTheServerNeedsIsTold(t *testing.T) {
	idle := func(noListener bool, halted ...history.Event) *Fold {
		return fold(script(at(0, history.ServerStarted{PID: 100, Server: "attach"},
			history.WorkerSeen{PID: 101, Worker: 1, NoListener: noListener}), at(500*ms, halted...),
			every(100*ms, 3*s, func(at time.Duration) []history.Event {
				return look(101, sample(1, 101, func(*history.WorkerSample) {}), stands(101, 101, "read", at),
					code(101, 101, func(st *history.Stack) { st.Idle = true }))
			})))
	}
	broker := history.Halted{Peer: history.Peer{PID: 900, Command: "redis-server"}, Asks: 100, Remote: "127.0.0.1:6379"}
	over := broker
	over.Over = true
	arbiter := history.Halted{Peer: history.Peer{PID: 100, Command: "gunicorn"}}
	check(t, "the broker of a queue", idle(true, broker), wanted{state: Unknown, says: "pid 900 (redis-server)"})
	check(t, "it goes on", idle(true, broker, over), wanted{state: Idle})
	check(t, "the server listens", idle(false, broker), wanted{state: Idle})
	check(t, "the arbiter", idle(true, arbiter), wanted{state: Idle})
	got := idle(false, arbiter).Notices()
	if len(got) != 1 || got[0].Cause.Kind != CauseStopped || !strings.Contains(got[0].Cause.Sentence, "is not replaced") {
		t.Errorf("got %+v, want one notice", got)
	}
}
