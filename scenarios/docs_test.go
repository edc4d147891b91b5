package scenarios

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The documents name every figure, and nothing that does not exist.
func TestEveryFigureIsDocumented(t *testing.T) {
	metrics, err := os.ReadFile("../docs/metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range Figures() {
		if !strings.Contains(string(metrics), "`"+f.Name+"`") {
			t.Errorf("docs/metrics.md does not define %s", f.Name)
		}
	}
	for _, row := range regexp.MustCompile("(?m)^\\| (`[a-z0-9_]+`(?: `[a-z0-9_]+`)*) \\| (?:count|ms|share|bytes) \\|").FindAllStringSubmatch(string(metrics), -1) {
		for name := range strings.FieldsSeq(row[1]) {
			if !slices.ContainsFunc(Figures(), func(f Figure) bool { return "`"+f.Name+"`" == name }) {
				t.Errorf("docs/metrics.md defines %s, which is no figure", name)
			}
		}
	}
	checks, err := os.ReadFile("../docs/checks.md")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range Figures() {
		names = append(names, "`"+f.Name+"`")
	}
	for _, list := range []string{strings.Join(names, " · "), "`" +
		strings.Join(slices.DeleteFunc(Causes(), func(c string) bool { _, ok := onlyNoticed(c); return ok }), "` `") + "`"} {
		if !strings.Contains(string(checks), list) {
			t.Errorf("docs/checks.md has not this list:\n%s", list)
		}
	}
	for _, that := range regexp.MustCompile("(?m)^ +- that: (.+)$").FindAllStringSubmatch(string(checks), -1) {
		if _, err := (Check{That: that[1]}).Compile(); err != nil {
			t.Errorf("docs/checks.md: %v", err)
		}
	}
}
