package scenarios

import (
	"net/url"
	"strings"
	"testing"
	"time"
)

// What a command line asks for becomes a scenario that holds, or is told in the words of the command line.
func TestALoadAloneIsAScenario(t *testing.T) {
	usual := func(change func(*AloneFlags)) AloneFlags {
		f := AloneFlags{Rate: "100/s", Shape: "constant", Duration: 10 * time.Second, Timeout: 30 * time.Second, Speed: 1}
		change(&f)
		return f
	}
	for _, row := range []struct {
		name  string
		flags AloneFlags
		given string
		check func(Load) bool
		wrong string
	}{
		{"nothing", usual(func(*AloneFlags) {}), "",
			func(l Load) bool { return l.Rate == 100 && l.Targets[0].Path == "/x?y=1" }, ""},
		{"a body is posted", usual(func(f *AloneFlags) { f.Body = "a" }), "body",
			func(l Load) bool { return l.Targets[0].Method == "POST" }, ""},
		{"a header", usual(func(f *AloneFlags) { f.Header = []string{"accept: a"} }), "header",
			func(l Load) bool { return l.Targets[0].Header["Accept"] == "a" }, ""},
		{"a ramp takes all the time", usual(func(f *AloneFlags) {
			f.Shape, f.To, f.From = "ramp", "200/s", 2*time.Second
		}), "shape", func(l Load) bool {
			return l.Over == 8*time.Second
		}, ""},
		{"steps", usual(func(f *AloneFlags) { f.Shape, f.Steps = "step", "3s@50/s,1m@200/s" }), "shape",
			func(l Load) bool { return len(l.Steps) == 2 && l.Steps[1].Rate == 200 }, ""},
		{"as fast as it answers", usual(func(f *AloneFlags) { f.Max = true }), "max",
			func(l Load) bool { return l.Shape == "closed" && l.Users == defaultUsers }, ""},
		{"no time", usual(func(f *AloneFlags) { f.Duration = 0 }), "", nil, "--duration 0s: want above 0"},
		{"no rate", usual(func(f *AloneFlags) { f.Rate = "fast" }), "", nil, "--rate"},
		{"a header without a colon", usual(func(f *AloneFlags) {
			f.Header = []string{"accept"}
		}), "", nil, `--header "accept": want 'Name: value'`},
		{"a step without a rate", usual(func(f *AloneFlags) {
			f.Shape, f.Steps = "step", "3s"
		}), "", nil, `--steps "3s": want TIME@RATE`},
		{"a step without a time", usual(func(f *AloneFlags) {
			f.Shape, f.Steps = "step", "-3s@5/s"
		}), "", nil, "want a time above 0 before the @"},
		{"users of an open loop", usual(func(f *AloneFlags) {
			f.Users = 3
		}), "users", nil, "--users: has no meaning for shape constant; it belongs to closed"},
		{"max and a rate", usual(func(f *AloneFlags) { f.Max = true }), "rate", nil, "--max stands beside --rate"},
		{"targets and a method", usual(func(f *AloneFlags) {
			f.Targets, f.Method = "t.txt", "PUT"
		}), "method", nil, "--method: want it without --targets"},
	} {
		u, err := url.Parse("http://127.0.0.1:8000/x?y=1")
		if err != nil {
			t.Fatal(err)
		}
		row.flags.Given = func(flag string) bool { return flag == row.given }
		doc, err := row.flags.Document(u, u.String())
		switch {
		case row.wrong != "":
			if err == nil || !strings.Contains(err.Error(), row.wrong) {
				t.Errorf("%s: %v, want %q", row.name, err, row.wrong)
			}
		case err != nil:
			t.Errorf("%s: %v", row.name, err)
		case !row.check(doc.Scenario.Load):
			t.Errorf("%s: %+v", row.name, doc.Scenario.Load)
		}
	}
}

func TestAReplayIsAsLongAsItsLog(t *testing.T) {
	for given, want := range map[string]time.Duration{"": 0, "duration": time.Second} {
		f := AloneFlags{Shape: "replay", Duration: time.Second, Given: func(flag string) bool { return flag == given }}
		if got := f.Length(); got != want {
			t.Errorf("given %q: %v, want %v", given, got, want)
		}
	}
}
