package diagnose

import (
	"strings"
	"testing"
	"time"

	"github.com/hangtime-dev/hangtime/history"
)

// TestATitleThatSaysThatItWaitsIsEvidence: PostgreSQL's sessions wait for a lock in epoll_wait.
func TestATitleThatSaysThatItWaitsIsEvidence(t *testing.T) {
	for title, want := range map[string]struct{ kind, says string }{
		"postgres: shop SELECT waiting":                {CauseMutex, "waits for a lock that another process of the server holds"},
		"postgres: shop INSERT waiting for 0/1516798":  {CauseEvent, "waits until a standby server confirms what it has written"},
		"postgres: shop SELECT waiting for the / file": {CauseUnknown, "does not come back"},
	} {
		h := script(pool(2), every(1*s, 13*s, func(t time.Duration) []history.Event {
			waiting := look(101, inside(101, t), stands(101, 101, "epoll_wait", t))
			waiting[len(waiting)-1] = history.Looked{PID: 101, Title: title}
			idle := look(102, inside(102), accepting(102, 102, t))
			idle[len(idle)-1] = history.Looked{PID: 102, Title: "postgres: shop idle"}
			return append(waiting, idle...)
		}))
		got := fold(h).Incidents()
		if len(got) != 1 || got[0].Cause.Kind != want.kind || got[0].Cause.Confidence == Guess && want.kind != CauseUnknown ||
			!strings.Contains(got[0].Cause.Sentence, want.says) || !strings.Contains(got[0].Cause.Sentence, title) {
			t.Errorf("%q: got %+v", title, got)
		}
	}
}
