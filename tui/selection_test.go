package tui

import (
	"testing"

	"github.com/hangtime-dev/hangtime/diagnose"
)

// What stands in a worker's row is what a filter looks at.
func TestAFilterFindsWhatTheRowSays(t *testing.T) {
	one := func(place int, state diagnose.State) diagnose.Worker {
		return diagnose.Worker{Identity: diagnose.Identity{Place: place, PID: 4710 + place}, Condition: diagnose.Condition{State: state}}
	}
	all := []diagnose.Worker{one(1, diagnose.Busy), one(2, diagnose.Hung), one(3, diagnose.Idle)}
	all[0].Requests = []string{"GET /query, 3.2 s"}
	all[1].Cause = &diagnose.Cause{Short: "flock report.lock", Where: "export (/srv/shop/app.py:22)"}
	all[2].Flows = true
	for filter, want := range map[string]int{"/query": 1, "app.py:22": 2, "report.lock": 2, "hung": 2, "active": 3, "4711": 1} {
		if got := pick(all, filter, byItself, 9); len(got) != 1 || got[0].Place != want {
			t.Errorf("%q finds %+v, want worker %d alone", filter, got, want)
		}
	}
}
