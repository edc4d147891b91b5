package diagnose

import (
	"strings"
	"testing"
	"time"

	"github.com/hangtime-dev/hangtime/history"
)

// TestATitleThatSaysThatItWaitsIsEvidence: PostgreSQL's sessions wait for a lock in epoll_wait.
func TestATitleThatSaysThatItWaitsIsEvidence(t *testing.T) {
	h := script(pool(2), every(1*s, 13*s, func(t time.Duration) []history.Event {
		waiting := look(101, inside(101, t), stands(101, 101, "epoll_wait", t))
		waiting[len(waiting)-1] = history.Looked{PID: 101, Title: "postgres: shop SELECT waiting"}
		idle := look(102, inside(102), accepting(102, 102, t))
		idle[len(idle)-1] = history.Looked{PID: 102, Title: "postgres: shop idle"}
		return append(waiting, idle...)
	}))
	got := fold(h).Incidents()
	if len(got) != 1 || got[0].Cause.Kind != CauseMutex || got[0].Cause.Confidence == Guess ||
		!strings.Contains(got[0].Cause.Sentence, `it says of itself "postgres: shop SELECT waiting"`) {
		t.Errorf("got %+v", got)
	}
}
