package diagnose

import (
	"testing"
	"time"

	"github.com/hangtime-dev/hangtime/history"
)

// TestACircleOfCoroutinesIsAsOldAsTheRequestThatWaitsForIt: where that was not seen to do anything else.
func TestACircleOfCoroutinesIsAsOldAsTheRequestThatWaitsForIt(t *testing.T) {
	bare := func(id, owner uint64) history.Stack {
		one := task(101, id, "task", history.Wait{On: "task", Object: owner, Owner: owner})
		one.Request = nil
		return one
	}
	circle := func(formed time.Duration) *Fold {
		return fold(script(at(0, history.ServerStarted{PID: 100, Server: "attach"}, history.WorkerSeen{PID: 101, Worker: 1, Born: -5 * s}),
			every(100*ms, 6*s, func(t time.Duration) []history.Event {
				asks := task(101, 1, "task", history.Wait{On: "sleep"})
				asks.Request.Port = 40001
				found := []history.Event{accepting(101, 101, 10*ms)}
				if t >= formed {
					asks.Wait, asks.Frames[1] = &history.Wait{On: "task", Object: 2, Owner: 2}, "wait (app.py:13)"
					found = append(found, bare(2, 3), bare(3, 2))
				}
				return look(101, inside(101, t+4*s), append(found, asks)...)
			})))
	}
	check(t, "from the first look on", circle(0),
		wanted{state: Hung, cause: CauseEvent, began: -4 * s, detected: 100 * ms, says: "2 tasks wait for each other"})
	check(t, "it was at something else before", circle(3*s), wanted{state: Hung, cause: CauseEvent, began: 3 * s, detected: 3 * s})
}
