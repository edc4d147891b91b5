package scenarios

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/parser"
)

// A Setting changes one key of a scenario, as --set server.workers=8 does.
type Setting struct {
	Key   string // "server.workers", "faults[0].for"
	Value any    // as YAML gives it
}

// ParseSetting reads KEY=VALUE; the value is YAML.
func ParseSetting(text string) (Setting, error) {
	key, value, ok := strings.Cut(text, "=")
	if !ok || key == "" {
		return Setting{}, &Problem{File: "--set " + text, Text: "want KEY=VALUE", Hint: "such as server.workers=8"}
	}
	var v any
	if err := yaml.Unmarshal([]byte(value), &v); err != nil {
		return Setting{}, &Problem{File: "--set " + text, Text: "the value is not YAML"}
	}
	return Setting{key, v}, nil
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
	parsed, err := parser.ParseBytes(text, 0)
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

// settings are the pairs of a map in the order of their keys, so that the same file always gives the same run.
func settings(set map[string]any) []Setting {
	var all []Setting
	for _, key := range slices.Sorted(maps.Keys(set)) {
		all = append(all, Setting{key, set[key]})
	}
	return all
}

// steps splits "faults[0].for" into faults, 0, for.
func steps(key string) []string {
	return strings.FieldsFunc(key, func(r rune) bool { return r == '.' || r == '[' || r == ']' })
}

func assign(node any, path []string, value any) error {
	if len(path) == 0 {
		return errors.New("want a key before the =")
	}
	head, rest := path[0], path[1:]
	switch n := node.(type) {
	case map[string]any:
		if len(rest) == 0 {
			n[head] = value
			return nil
		}
		next, ok := n[head]
		if !ok || next == nil {
			next = map[string]any{}
			n[head] = next
		}
		return assign(next, rest, value)
	case []any:
		i, err := strconv.Atoi(head)
		if err != nil || i < 0 || i >= len(n) {
			return fmt.Errorf("%q: want the number of an item, 0 to %d", head, len(n)-1)
		}
		if len(rest) == 0 {
			n[i] = value
			return nil
		}
		return assign(n[i], rest, value)
	}
	return fmt.Errorf("%q lies inside a plain value", head)
}

func deepCopy(node any) any {
	switch n := node.(type) {
	case map[string]any:
		c := make(map[string]any, len(n))
		for k, v := range n {
			c[k] = deepCopy(v)
		}
		return c
	case []any:
		c := make([]any, len(n))
		for i, v := range n {
			c[i] = deepCopy(v)
		}
		return c
	}
	return node
}
