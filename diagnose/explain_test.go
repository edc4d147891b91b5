package diagnose

import (
	"strings"
	"testing"

	"github.com/hangtime-dev/hangtime/history"
)

// TestAProcessWithoutADescriptorCannotAccept: whatever its threads are at, while connections wait.
func TestAProcessWithoutADescriptorCannotAccept(t *testing.T) {
	for open, want := range map[int]string{39: CausePool, 40: CauseDescriptors, 41: CauseDescriptors} {
		h := script(pool(1), healthy(1, 101, 1*s, 5*s), at(5*s, history.Descriptors{PID: 101, Open: open, Limit: 40}),
			backlog(5*s, 11*s), threads(9, 4, 0, 11*s))
		got := fold(h).Incidents()
		if len(got) != 1 || got[0].Cause.Kind != want {
			t.Fatalf("%d of 40 open: %+v, want %s", open, got, want)
		}
		says := strings.HasPrefix(got[0].Cause.Sentence, "it has all 40 allowed files open and cannot accept a connection; all 4 threads")
		if says != (want == CauseDescriptors) {
			t.Errorf("%d of 40 open: %q", open, got[0].Cause.Sentence)
		}
	}
}
