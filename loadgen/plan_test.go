package loadgen

import (
	"net/url"
	"testing"
	"time"

	"github.com/hangtime-dev/hangtime/loadgen/schedule"
	"github.com/hangtime-dev/hangtime/scenarios"
)

var localhost = &url.URL{Scheme: "http", Host: "127.0.0.1:80"}

func one(path string) []scenarios.Target { return []scenarios.Target{{Path: path}} }

// How many hits are due by some moments, as the integral of the rate says.
func TestHitsAreDueAsTheRateSays(t *testing.T) {
	s := time.Second
	for _, c := range []struct {
		name string
		plan scenarios.Load
		by   map[time.Duration]uint64 // hits due before the moment
	}{
		{"constant", scenarios.Load{Rate: 100}, map[time.Duration]uint64{0: 0, s: 100, 10 * s: 1000}},
		{"ramp from 0.001", scenarios.Load{Rate: 0.001, Shape: "ramp", To: 100, Over: 10 * s},
			map[time.Duration]uint64{5 * s: 126, 10 * s: 501, 11 * s: 601}},
		{"ramp down, after a while", scenarios.Load{Rate: 100, Shape: "ramp", To: 20, From: 2 * s, Over: 4 * s},
			map[time.Duration]uint64{2 * s: 200, 4 * s: 360, 6 * s: 440, 10 * s: 520}},
		{"spike", scenarios.Load{Rate: 10, Shape: "spike", To: 1000, From: 2 * s, Over: s},
			map[time.Duration]uint64{2 * s: 20, 3 * s: 1020, 4 * s: 1030}},
		{"spike at once", scenarios.Load{Rate: 10, Shape: "spike", To: 100, Over: s},
			map[time.Duration]uint64{s: 100, 2 * s: 110}},
		{"steps", scenarios.Load{Shape: "step",
			Steps: []scenarios.Step{{Rate: 10, For: s}, {Rate: 20, For: 2 * s}, {Rate: 5, For: s}}},
			map[time.Duration]uint64{s: 10, 3 * s: 50, 5 * s: 60}},
		{"sine", scenarios.Load{Rate: 100, Shape: "sine", To: 150, Over: 10 * s},
			map[time.Duration]uint64{5 * s: 500 + 160, 10 * s: 1000, 20 * s: 2000}},
		{"mix by weight", scenarios.Load{Rate: 100,
			Mix: []scenarios.Mix{{Weight: 3, Targets: one("/a")}, {Targets: one("/b")}}},
			map[time.Duration]uint64{s: 100, 20 * s: 2000}},
		{"mix with a rate of its own", scenarios.Load{Rate: 100,
			Mix: []scenarios.Mix{{Targets: one("/a")}, {Rate: 7, Targets: one("/b")}}},
			map[time.Duration]uint64{s: 107, 20 * s: 2140}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if len(c.plan.Mix) == 0 {
				c.plan.Targets = one("/")
			}
			c.plan.Timeout = time.Second
			w, err := prepare(c.plan, localhost, 1)
			if err != nil {
				t.Fatal(err)
			}
			for moment, want := range c.by {
				n := uint64(0)
				for w.schedule.Due(n) < moment {
					n++
				}
				if n+1 < want || n > want+1 { // a moment that falls on a hit is a matter of rounding
					t.Errorf("%d hits due before %v, want %d", n, moment, want)
				}
			}
		})
	}
}

func TestEachPartOfAMixHitsItsOwnTargets(t *testing.T) {
	w, err := prepare(scenarios.Load{Rate: 400, Timeout: time.Second, Mix: []scenarios.Mix{
		{Weight: 3, Targets: []scenarios.Target{{Path: "/a"}, {Path: "/b", Weight: 2}}},
		{Weight: 1, Shape: "poisson", Targets: one("/c")},
	}}, localhost, 3)
	if err != nil {
		t.Fatal(err)
	}
	table := schedule.NewTimetable(w.schedule, w.rotation)
	hits := map[string]int{}
	for n := uint64(0); table.Due(n) < 10*time.Second; n++ {
		hits[w.targets[table.Target(n)].URL]++
	}
	a, b, c := hits["http://127.0.0.1:80/a"], hits["http://127.0.0.1:80/b"], hits["http://127.0.0.1:80/c"]
	if a != 1000 || b != 2000 || c < 850 || c > 1150 {
		t.Errorf("%d to /a, %d to /b, %d to /c; want 1000, 2000, about 1000", a, b, c)
	}
}
