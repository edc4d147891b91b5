package diagnose

import (
	"testing"
	"time"

	"github.com/hangtime-dev/hangtime/history"
)

// TestALookThatEndsLateSaysNothingOfTheTimeItTook: on a busy machine a look may take seconds, and what was sampled before it
// is old by its end. Only the tick after it says that it was late.
func TestALookThatEndsLateSaysNothingOfTheTimeItTook(t *testing.T) {
	busy := func(late time.Duration) []Incident {
		waits := history.Listener{Backlog: 4, Limit: 128}
		w := sample(1, 101, func(w *history.WorkerSample) { w.Inside, w.Oldest, w.Moved, w.Answered = 1, 1*s, true, 4900 })
		ended := 6*s + 200*ms + late
		thread := stands(101, 101, "clock_nanosleep", 20*ms)
		return fold(script(pool(1), healthy(1, 101, 1*s, 5*s), at(5*s+500*ms, look(101, w, thread)...), at(6*s+100*ms, waits, w), at(6*s+150*ms, thread),
			at(ended, look(101, w)[1:]...), at(ended+10*ms, history.Tick{Late: late}))).Incidents()
	}
	if got := busy(8 * s); len(got) > 0 {
		t.Errorf("it took eight seconds: %+v", got)
	}
}

// TestALockThatIsTakenAgainBehindAConditionIsWaitedForSinceThen: a writer waits at one place for hours until there is
// something to write, and then for a moment for the lock.
func TestALockThatIsTakenAgainBehindAConditionIsWaitedForSinceThen(t *testing.T) {
	for lockFrom, want := range map[time.Duration]time.Duration{9 * s: 1 * s, 2 * s: 8 * s} {
		w := fold(script(pool(1), healthy(1, 101, 1*s, 2*s), every(2*s, 10*s, func(t time.Duration) []history.Event {
			wait := history.Wait{On: "condition"}
			if t >= lockFrom {
				wait = history.Wait{On: "lock", Object: 77}
			}
			writer := task(101, 8, "goroutine", wait)
			writer.Language, writer.Request = "go", nil
			return look(101, inside(101), accepting(101, 101, 10*ms), writer)
		}))).Workers()[0]
		if len(w.Awaits) != 1 || w.Awaits[0].Age < want-200*ms || w.Awaits[0].Age > want+200*ms {
			t.Errorf("from %s on: %+v, want one for %s", lockFrom, w.Awaits, want)
		}
	}
}
