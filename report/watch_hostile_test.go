package report

import (
	"strings"
	"testing"
	"time"

	"github.com/hangtime-dev/hangtime/diagnose"
	"github.com/hangtime-dev/hangtime/words/hostile"
)

// What a watch says of paths, commands and stacks acts on no terminal.
func TestAWatchHandsOnNothingRaw(t *testing.T) {
	var out strings.Builder
	c := NewWatchConsole(&out)
	c.say(time.Second, "worker 1: %s", hostile.Text)
	c.incident(hostile.Filled(diagnose.Incident{
		Kind: diagnose.KindHang, Victims: []diagnose.Victim{{Place: 1, PID: 7, End: "killed"}},
		Cause: diagnose.Cause{Kind: "file-lock", Sentence: "blocked in flock on /tmp/a",
			Stack: []string{"view (app.py:3)"}, Remedy: "a log each"},
	}, false))
	if found := hostile.Found(out.String()); found != "" || strings.Count(out.String(), "owned") != 4 {
		t.Errorf("%q in\n%s", found, out.String())
	}
}
