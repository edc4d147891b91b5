package diagnose

import (
	"strings"
	"testing"
	"time"

	"github.com/hangtime-dev/hangtime/history"
)

// TestAProxyIsWellWhoseUpstreamDoesNotAnswer: though connections wait at another listener of its tree, which it is not
// to accept: it waits at its own.
func TestAProxyIsWellWhoseUpstreamDoesNotAnswer(t *testing.T) {
	owes := func(t time.Duration) []history.Event {
		return []history.Event{history.Upstream{PID: 101, Waits: []history.Unanswered{{Remote: "/run/php.sock", Count: 2}}}}
	}
	f := fold(script(pool(1), healthy(1, 101, 1*s, 5*s), backlog(6*s, 9*s), loopWith(2, 9*s, owes)))
	if got := f.Workers()[0]; got.State != Busy || got.Label != Relaying || len(f.Incidents()) != 0 {
		t.Errorf("after 3 s: %s %s, incidents %+v; want a busy one that waits for upstream", got.State, got.Label, f.Incidents())
	}
	f = fold(script(pool(1), healthy(1, 101, 1*s, 5*s), backlog(6*s, 12*s), loopWith(2, 12*s, owes)))
	if got := f.Workers()[0]; got.State != Unknown || !strings.HasPrefix(got.Reason, "3 connections wait to be accepted for 5.9 s") {
		t.Errorf("when they have waited for long: %s %q", got.State, got.Reason)
	}
}
