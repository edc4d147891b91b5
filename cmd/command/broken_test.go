package command

import (
	"flag"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"github.com/hangtime-dev/hangtime/scenarios"
)

var broken = flag.String("broken", "log-contention",
	"the scenarios whose good variants TestABrokenGoodVariantFails breaks, or all; `make prove-broken` takes all")

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
		out, code := judged(t, "run", name, "--quick", "--headless", "--set", "variants="+strings.TrimSpace(string(text)))
		if code != exitFail {
			t.Errorf("%s, %s with the settings of %s: exit code %d, want %d\n%s", name, good.Name, bad.Name, code,
				exitFail, last(out, 2500))
		}
	}
	if n == 0 {
		t.Error("nothing was broken")
	}
}

// judged runs hangtime, and again where it says that the machine was too busy for a judgement.
func judged(t *testing.T, args ...string) (out string, code int) {
	t.Helper()
	for try := 1; ; try++ {
		cmd := exec.Command(binary, args...)
		cmd.Env = append(os.Environ(), "XDG_STATE_HOME="+t.TempDir())
		text, _ := cmd.CombinedOutput() // its exit code is the answer
		out, code = string(text), cmd.ProcessState.ExitCode()
		if try == busyTries || code != exitUnknown || !strings.Contains(out, tooBusy) {
			return out, code
		}
	}
}

func last(text string, n int) string { return text[max(len(text)-n, 0):] }
