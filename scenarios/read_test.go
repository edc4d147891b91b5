package scenarios

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestLibraryIsSound(t *testing.T) {
	for _, name := range Names() {
		d, err := Open(name)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if d.Scenario.Name != name || d.Scenario.Title == "" || d.Scenario.Watch == "" || d.Scenario.Guide == "" {
			t.Errorf("%s: name is %q; want it as its file, with title, watch and guide", name, d.Scenario.Name)
		}
		if whole := d.Scenario.Phases.Total() * time.Duration(len(d.Scenario.Variants)); whole > time.Minute {
			t.Errorf("%s: its phases take %v; want at most a minute", name, whole)
		}
		quick, err := d.Quick()
		if err != nil {
			t.Errorf("%s --quick: %v", name, err)
		} else if whole := quick.Scenario.Phases.Total(); whole > 15*time.Second {
			t.Errorf("%s --quick: a variant takes %v", name, whole)
		}
		for i := range d.Scenario.Variants {
			if _, err := quick.Variant(i); err != nil {
				t.Error(err)
			}
		}
	}
}

func TestTextReadsBackTheSame(t *testing.T) {
	for _, name := range Names() {
		d, err := Open(name)
		if err != nil {
			t.Fatal(err)
		}
		text, err := d.Text()
		if err != nil {
			t.Fatal(err)
		}
		again, err := Read("again.yaml", []byte(text))
		if err != nil {
			t.Fatalf("%s:\n%s\n%v", name, text, err)
		}
		if diff := cmp.Diff(d.Scenario, again.Scenario); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestSettingsChangeOneKey(t *testing.T) {
	d, err := Open("log-contention")
	if err != nil {
		t.Fatal(err)
	}
	var set []Setting
	for _, text := range []string{"server.workers=8", "load.rate=50/s", "faults[0].for=2s", `load.targets[0].path=/other`} {
		s, err := ParseSetting(text)
		if err != nil {
			t.Fatal(err)
		}
		set = append(set, s)
	}
	with, err := d.With(set...)
	if err != nil {
		t.Fatal(err)
	}
	want := d.Scenario
	want.Server.Workers = 8
	want.Load.Rate = 50
	want.Load.Targets = []Target{want.Load.Targets[0]}
	want.Load.Targets[0].Path = "/other"
	want.Faults = []Fault{want.Faults[0]}
	want.Faults[0].For = 2 * time.Second
	if diff := cmp.Diff(want, with.Scenario); diff != "" {
		t.Error(diff)
	}
	if d.Scenario.Server.Workers != 4 {
		t.Error("the original changed")
	}
}

// A map that is given to a setting stays the caller's: a later one that goes into it does not write there.
func TestASettingDoesNotChangeItsCallersMap(t *testing.T) {
	d, err := Open("log-contention")
	if err != nil {
		t.Fatal(err)
	}
	phases := map[string]any{"before": "3s", "during": "9s", "after": "3s"}
	if _, err := d.With(Setting{"phases", phases}, Setting{"phases.before", "4s"}); err != nil {
		t.Fatal(err)
	}
	if phases["before"] != "3s" {
		t.Errorf("the caller's map says %v", phases)
	}
}

func TestCommittedSchemaIsThatOfTheTypes(t *testing.T) {
	want, err := Schema()
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile("scenario.schema.json", append(want, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile("scenario.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	if strings.TrimSpace(string(got)) != strings.TrimSpace(string(want)) {
		t.Error("scenario.schema.json is out of step with the types: run `go test ./scenarios -update`")
	}
}

func FuzzRead(f *testing.F) {
	for _, name := range Names() {
		text, _ := Text(name)
		f.Add(text)
	}
	f.Add([]byte("name: [a\n"))
	f.Add([]byte("quick: {a[: 1}"))
	f.Add([]byte("server: &a {workers: *a}"))
	f.Fuzz(func(t *testing.T, text []byte) {
		d, err := Read("fuzz.yaml", text)
		if err != nil {
			if strings.TrimSpace(err.Error()) == "" {
				t.Error("an error without words")
			}
			return
		}
		if _, err := d.Text(); err != nil {
			t.Error(err)
		}
	})
}

// A setting of the command line takes the engine from a fault no more than the file may.
func TestASettingLeavesAFaultItsEngine(t *testing.T) {
	d, err := Open("engine-kill")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Variant(0); err != nil {
		t.Error(err)
	}
	without, err := d.With(Setting{"server.tasks", "memory"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := without.Variant(0); err == nil || !strings.Contains(err.Error(), "faults[0].worker: the server has no task engine") {
		t.Errorf("%v, want that the server has no task engine", err)
	}
}
