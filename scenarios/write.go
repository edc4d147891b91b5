package scenarios

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
)

// Write is a scenario as a file that Read reads, with comment above it, a line each. A scenario that Read would
// refuse is an error here.
func Write(s Scenario, comment []string) ([]byte, error) {
	text, err := yaml.MarshalWithOptions(s, yaml.UseLiteralStyleIfMultiline(true))
	if err != nil {
		return nil, fmt.Errorf("write scenario %s: %w", s.Name, err)
	}
	var b strings.Builder
	for _, line := range comment {
		b.WriteString(strings.TrimRight("# "+line, " ") + "\n")
	}
	b.Write(text)
	if _, err := Read(s.Name+".yaml", []byte(b.String())); err != nil {
		return nil, errors.Join(fmt.Errorf("scenario %s would not be read again", s.Name), err)
	}
	return []byte(b.String()), nil
}

// Recipe is the first built-in variant that is expected to have an incident of this kind with this cause, as it is
// run: how to bring that about.
func Recipe(expect Expect, cause string) (Scenario, bool) {
	for _, name := range Names() {
		doc, err := Open(name)
		if err != nil {
			continue
		}
		for i, v := range doc.Scenario.Variants {
			if v.Expect == expect && v.Cause == cause {
				if plan, err := doc.Variant(i); err == nil {
					plan.Variants = []Variant{v}
					return plan, true
				}
			}
		}
	}
	return Scenario{}, false
}

// CausesBroughtAbout are those of Causes for which there is a Recipe, of a hang or a crash.
func CausesBroughtAbout() []string {
	can := map[string]bool{}
	for _, name := range Names() {
		doc, err := Open(name)
		if err != nil {
			continue
		}
		for _, v := range doc.Scenario.Variants {
			can[v.Cause] = can[v.Cause] || v.Expect == Hang || v.Expect == Crash
		}
	}
	return slices.DeleteFunc(Causes(), func(cause string) bool { return !can[cause] })
}
