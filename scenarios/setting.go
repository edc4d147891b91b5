package scenarios

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"

	"github.com/hangtime-dev/hangtime/input"
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
	flag := "--set " + text
	parsed, err := input.YAML([]byte(value))
	if err != nil {
		var p *Problem
		if wrong := syntaxProblem(flag, err); errors.As(wrong, &p) {
			return Setting{}, &Problem{File: flag, Text: "the value is not YAML: " + p.Text, Hint: p.Hint}
		}
		return Setting{}, err
	}
	if len(parsed.Docs) == 0 || parsed.Docs[0].Body == nil {
		return Setting{Key: key}, nil
	}
	c := treeCheck{file: flag}
	c.plain(parsed.Docs[0].Body, key)
	if len(c.problems) > 0 {
		return Setting{}, withoutPlace(c.problems[0])
	}
	var v any
	if err := yaml.NodeToValue(parsed.Docs[0].Body, &v); err != nil {
		return Setting{}, &Problem{File: flag, Text: "the value is not YAML"}
	}
	return Setting{key, v}, nil
}

// settings are the pairs of a map in the order of their keys, so that the same file always gives the same run.
func settings(set map[string]any) []Setting {
	var all []Setting
	for _, key := range slices.Sorted(maps.Keys(set)) {
		all = append(all, Setting{key, set[key]})
	}
	return all
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
