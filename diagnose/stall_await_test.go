package diagnose

import (
	"testing"
	"time"

	"github.com/hangtime-dev/hangtime/history"
)

// TestACoroutineInACompiledModuleAwaitsWhatAnotherServerOwes: its runtime does not say what for, so the answer that is
// outstanding for as long decides, unless it has begun to answer itself.
func TestACoroutineInACompiledModuleAwaitsWhatAnotherServerOwes(t *testing.T) {
	awaits := func(spoke, owed time.Duration) *Fold {
		return fold(script(pool(1), healthy(1, 101, 1*s, 5*s), loopWith(2, 17*s, func(t time.Duration) []history.Event {
			found := []history.Event{}
			for id := uint64(1); id <= 2; id++ {
				st := task(101, id, "task", history.Wait{})
				st.Wait, st.Request.Port, st.Request.Spoke = nil, 40000+int(id), spoke
				found = append(found, st)
			}
			if owed > 0 && t >= 5*s+500*ms && t%s == 500*ms {
				found = append(found, history.Upstream{PID: 101, Waits: []history.Unanswered{
					{Remote: "10.0.0.9:5432", Count: 2, Oldest: t - owed, Peers: []history.Peer{{PID: 44, Command: "postgres"}}}}})
			}
			return found
		})))
	}
	check(t, "an answer is outstanding for as long", awaits(0, 5*s), wanted{state: Hung, cause: CauseSocket, began: 5 * s, detected: 15 * s,
		says: "2 tasks wait for an answer of a server at 10.0.0.9:5432, pid 44 (postgres)"})
	for name, f := range map[string]*Fold{
		"no answer is outstanding": awaits(0, 0),
		"one is since a moment":    awaits(0, 15*s),
		"it has begun to answer":   awaits(100*ms, 5*s),
	} {
		if got := f.Incidents(); len(got) > 0 {
			t.Errorf("%s: %+v", name, got)
		}
	}
}
