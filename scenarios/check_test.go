package scenarios

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestACheckAsksForItsNumbers(t *testing.T) {
	for _, row := range []struct {
		that string
		uses []string
		in   map[string]float64
		want bool
	}{
		{"p99 < 500", []string{"p99"}, map[string]float64{"p99": 499}, true},
		{"p99 < 2*s and max < 1*minute", []string{"p99", "max"}, map[string]float64{"p99": 1999, "max": 60_000}, false},
		{"p(99)<500", []string{"p(99)"}, map[string]float64{"p(99)": 500}, false},
		{"http_req_duration: p(99.9) < 500", []string{"p(99.9)"}, map[string]float64{"p(99.9)": 3}, true},
		{"http_req_failed: rate<0.01", []string{"error_share"}, map[string]float64{"error_share": 0.5}, false},
		{"med < 10 && avg < 20", []string{"mean", "p50"}, map[string]float64{"p50": 9, "mean": 19}, true},
		{`p(95, after, "login") <= p(95, before, "login") * 2`,
			[]string{`p(95, after, "login")`, `p(95, before, "login")`},
			map[string]float64{`p(95, after, "login")`: 20, `p(95, before, "login")`: 10}, true},
		{"error_rate(during) > 0.5 or error_rate() == 0", []string{"error_rate(during)", "error_rate()"},
			map[string]float64{"error_rate(during)": 0.1, "error_rate()": 0}, true},
		{"achieved_in(after) > 0.99", []string{"achieved_in(after)"}, map[string]float64{"achieved_in(after)": 1}, true},
		{`incidents_of("file-lock") == 1 and hangs == 1`, []string{"hangs", `incidents_of("file-lock")`},
			map[string]float64{"hangs": 1, `incidents_of("file-lock")`: 1}, true},
		{"memory_growth < 10*MiB", []string{"memory_growth"}, map[string]float64{"memory_growth": 11 << 20}, false},
		{"abs(p50 - mean) < 1", []string{"mean", "p50"}, map[string]float64{"p50": 3, "mean": 3.5}, true},
		{"tasks_lost == 0 ? true : p99 < 3", []string{"p99", "tasks_lost"},
			map[string]float64{"tasks_lost": 0, "p99": 4}, true},
	} {
		c, err := Check{That: row.that}.Compile()
		if err != nil {
			t.Errorf("%s: %v", row.that, err)
			continue
		}
		var uses []string
		for _, m := range c.Uses {
			uses = append(uses, m.Key)
		}
		if diff := cmp.Diff(row.uses, uses); diff != "" {
			t.Errorf("%s: %s", row.that, diff)
		}
		got, err := c.Holds(row.in)
		if err != nil || got != row.want {
			t.Errorf("%s: %v, %v; want %v", row.that, got, err, row.want)
		}
	}
}

func TestANumberThatIsMissingHoldsNothing(t *testing.T) {
	for _, that := range []string{"p99 < 500", "p(99) < 500", "p99 >= 0"} {
		c, err := Check{That: that}.Compile()
		if err != nil {
			t.Fatal(err)
		}
		if got, err := c.Holds(map[string]float64{"p99": math.NaN()}); err != nil || got {
			t.Errorf("%s: %v, %v", that, got, err)
		}
	}
}

// Whatever is written as a check, reading it ends in a check or an error, never in a panic.
func FuzzCheck(f *testing.F) {
	for _, seed := range []string{"p99 < 500", "p(99, during, \"x\") < p(1)", "http_req_duration: p(95)<2", "max(1)",
		"p(", "p99 < 'a'", "not (failed > 0) and #", "p()", "ok.x", "p(99)(1)"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, that string) {
		c, err := Check{That: that}.Compile()
		if err != nil {
			return
		}
		if _, err := c.Holds(nil); err != nil {
			return // an expression may take a remainder of 0 and the like
		}
	})
}
