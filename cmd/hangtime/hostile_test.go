package main

import (
	"bytes"
	"testing"
	"time"

	"github.com/hangtime-dev/hangtime/diagnose"
	"github.com/hangtime-dev/hangtime/report"
	"github.com/hangtime-dev/hangtime/words/hostile"
)

// What a watch says of paths, commands and stacks acts on no terminal.
func TestAWatchHandsOnNothingRaw(t *testing.T) {
	var out bytes.Buffer
	tell := &teller{out: &out, look: report.NewLookBuilder()}
	tell.say(time.Second, "worker 1: %s", hostile.Text)
	tell.tellIncident(hostile.Filled(diagnose.Incident{
		Kind: diagnose.KindHang, Victims: []diagnose.Victim{{Place: 1, PID: 7, End: "killed"}},
		Cause: diagnose.Cause{Kind: "file-lock", Sentence: "blocked in flock on /tmp/a", Stack: []string{"view (app.py:3)"}, Remedy: "a log each"},
	}, false))
	if found := hostile.Found(out.String()); found != "" || bytes.Count(out.Bytes(), []byte("owned")) != 4 {
		t.Errorf("%q in\n%s", found, out.String())
	}
}
