package main

import (
	"flag"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"github.com/hangtime-dev/hangtime/scenarios"
)

var broken = flag.String("broken", "log-contention", "the scenarios whose good variants TestABrokenGoodVariantFails breaks, or all; `make prove-broken` takes all")

// A good variant with the settings of the bad one does not pass as good: the scenarios can tell the two apart.
func TestABrokenGoodVariantFails(t *testing.T) {
	names := strings.Split(*broken, ",")
	if *broken == "all" {
		names = scenarios.Names()
	}
	n := 0
	for _, name := range names {
		doc, err := scenarios.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		var good, bad *scenarios.Variant
		for i := range doc.Scenario.Variants {
			v := &doc.Scenario.Variants[i]
			switch {
			case v.Expect == scenarios.Healthy && good == nil:
				good = v
			case (v.Expect == scenarios.Hang || v.Expect == scenarios.Crash) && bad == nil:
				bad = v
			}
		}
		if good == nil || bad == nil {
			t.Logf("%s has not both a good and a bad variant", name)
			continue
		}
		n++
		turned := *good
		turned.Set = bad.Set
		text, err := yaml.MarshalWithOptions([]scenarios.Variant{turned}, yaml.Flow(true))
		if err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(binary, "run", name, "--quick", "--headless", "--set", "variants="+strings.TrimSpace(string(text)))
		cmd.Env = append(os.Environ(), "XDG_STATE_HOME="+t.TempDir())
		out, _ := cmd.CombinedOutput() // its exit code is the answer
		if code := cmd.ProcessState.ExitCode(); code != exitFail {
			t.Errorf("%s, %s with the settings of %s: exit code %d, want %d\n%s", name, good.Name, bad.Name, code, exitFail, last(string(out), 2500))
		}
	}
	if n == 0 {
		t.Error("nothing was broken")
	}
}

func last(text string, n int) string { return text[max(len(text)-n, 0):] }
