package report

import (
	"strings"
	"testing"

	"github.com/hangtime-dev/hangtime/history"
)

// What a person asked for by hand is told as that, and of a load that breaks nothing no fault is told.
func TestTheStorySaysWhoDidIt(t *testing.T) {
	for by, want := range map[string]bool{"person": true, "scenario": false} {
		s := &story{}
		s.add(history.Record{Event: history.FaultAsked{ID: "a/1", Fault: "kill", Target: "worker 2", By: by}})
		s.add(history.Record{Event: history.FaultInEffect{ID: "a/1"}})
		if text := s.told[0].Text; strings.Contains(text, "by hand") != want {
			t.Errorf("%s: %q", by, text)
		}
	}
	for calm, want := range map[bool]string{true: "load begins", false: "load begins; nothing is broken yet"} {
		s := &story{calm: calm}
		s.add(history.Record{Event: history.PhaseStarted{Phase: history.Before, Planned: 1}})
		if s.told[0].Text != want {
			t.Errorf("%q, want %q", s.told[0].Text, want)
		}
	}
}
