package loadgen

import (
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/hangtime-dev/hangtime/loadgen/schedule"
	"github.com/hangtime-dev/hangtime/scenarios"
)

// A rate that a person sets keeps the shares that the plan had.
func TestAChangedRateKeepsTheShares(t *testing.T) {
	log := filepath.Join(t.TempDir(), "access.log")
	text := ""
	for i := range 10 {
		path := "/page"
		if i == 4 {
			path = "/task"
		}
		text += `127.0.0.1 - - [02/Jan/2026:03:04:05 +0000] "GET ` + path + ` HTTP/1.1" 200 1` + "\n"
	}
	if err := os.WriteFile(log, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	page, task := scenarios.Target{Path: "/page"}, scenarios.Target{Path: "/task"}
	base := &url.URL{Scheme: "http", Host: "127.0.0.1:1"}
	for name, p := range map[string]scenarios.Load{
		"a mix by weight": {Rate: 100, Timeout: time.Second,
			Mix: []scenarios.Mix{{Weight: 9, Targets: []scenarios.Target{page}},
				{Weight: 1, Targets: []scenarios.Target{task}}}},
		"a mix by rate": {Timeout: time.Second,
			Mix: []scenarios.Mix{{Rate: 90, Targets: []scenarios.Target{page, page}},
				{Rate: 10, Targets: []scenarios.Target{task}}}},
		"an access log": {Shape: "replay", Log: log, Timeout: time.Second},
		"targets by weight": {Rate: 100, Timeout: time.Second,
			Targets: []scenarios.Target{{Path: "/page", Weight: 9}, task}},
	} {
		w, err := prepare(p, base, 1)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		table := schedule.NewTimetable(w.schedule, w.rotation)
		table.Change(0, schedule.Constant(1000))
		tasks, first := 0, table.DueBy(0)
		for n := first; n < first+1000; n++ {
			if w.targets[table.Target(n)].URL == base.String()+"/task" {
				tasks++
			}
		}
		if tasks < 95 || tasks > 105 {
			t.Errorf("%s: %d of 1000 hits go to the task, want 100", name, tasks)
		}
	}
}
