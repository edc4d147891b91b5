package scenarios

import (
	"errors"
	"fmt"
	"strings"

	"github.com/goccy/go-yaml"

	"github.com/hangtime-dev/hangtime/input"
)

// A Document is a scenario that was read and found sound, with all that was set on top of it.
type Document struct {
	Scenario Scenario
	file     string
	tree     map[string]any // as written, plus settings; defaults are not in it
}

// build decodes the tree, fills in the defaults and judges the whole.
func build(file string, tree map[string]any, where place) (*Document, error) {
	text, err := yaml.Marshal(tree)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	s := Default()
	if err := yaml.UnmarshalWithOptions(text, &s, yaml.Strict()); err != nil {
		return nil, syntaxProblem(file, err)
	}
	var problems []error
	for _, p := range Validate(s) {
		p.File = file
		p.Line, p.Column = where(p.Key, "")
		problems = append(problems, p)
	}
	if len(problems) > 0 {
		return nil, errors.Join(problems...)
	}
	return &Document{Scenario: s, file: file, tree: tree}, nil
}

// With returns the scenario with the settings applied, one after the other, and judged as a whole at the end:
// two that only make sense together may stand in any order.
func (d *Document) With(all ...Setting) (*Document, error) {
	if len(all) == 0 {
		return d, nil
	}
	tree := deepCopy(d.tree).(map[string]any)
	var flags []string
	for _, s := range all {
		flag := fmt.Sprintf("--set %s=%v", s.Key, s.Value)
		flags = append(flags, flag)
		if deep := len(steps(s.Key)); deep > input.MostDepth {
			return nil, &Problem{File: flag, Text: fmt.Sprintf("the key has %d levels", deep),
				Hint: fmt.Sprintf("want at most %d", input.MostDepth)}
		}
		if err := assign(tree, steps(s.Key), deepCopy(s.Value)); err != nil {
			return nil, &Problem{File: flag, Text: err.Error()}
		}
		if err := checkShape(flag, tree); err != nil {
			return nil, err
		}
	}
	next, err := build(strings.Join(flags, " "), tree, func(string, string) (int, int) { return 0, 0 })
	if err != nil {
		return nil, err
	}
	next.file = d.file
	return next, nil
}

// checkShape judges the keys and kinds of values of a tree that was changed by a flag.
func checkShape(flag string, tree map[string]any) error {
	text, err := yaml.Marshal(tree)
	if err != nil {
		return fmt.Errorf("%s: %w", flag, err)
	}
	parsed, err := input.YAML(text)
	if err != nil {
		return syntaxProblem(flag, err)
	}
	var problems []error
	for _, p := range checkTree(flag, parsed.Docs[0].Body) {
		problems = append(problems, withoutPlace(p))
	}
	return errors.Join(problems...)
}

func withoutPlace(err error) error {
	var p *Problem
	if errors.As(err, &p) {
		bare := *p
		bare.Line, bare.Column = 0, 0
		return &bare
	}
	return err
}

// Variant is the scenario as the i-th variant runs it.
func (d *Document) Variant(i int) (Scenario, error) {
	v := d.Scenario.Variants[i]
	with, err := d.With(settings(v.Set)...)
	if err != nil {
		return Scenario{}, fmt.Errorf("variant %s: %w", v.Name, err)
	}
	if wrong := aimsAtNoEngine(with.Scenario); len(wrong) > 0 { // by a --set: what the file says was judged before
		return Scenario{}, fmt.Errorf("variant %s: %w", v.Name, wrong[0])
	}
	s := with.Scenario
	s.Checks = append(append([]Check{}, s.Checks...), v.Checks...)
	return s, nil
}

// Quick is the scenario as --quick runs it.
func (d *Document) Quick() (*Document, error) { return d.With(settings(d.Scenario.Quick)...) }

// Text is the scenario with all settings, as YAML that Read reads.
func (d *Document) Text() (string, error) {
	text, err := yaml.MarshalWithOptions(d.Scenario, yaml.UseLiteralStyleIfMultiline(true))
	return string(text), err
}
