// Package settings reads the configuration file of the screens.
package settings

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"

	"github.com/hangtime-dev/hangtime/input"
	"github.com/hangtime-dev/hangtime/words"
)

// Names are what the configuration file may hold. All but keys are flags too, or variables of the environment:
// HANGTIME_THEME.
func Names() []string { return []string{"theme", "ascii", "mouse", "refresh", "plain", "keys"} }

// ReadFile reads the configuration file as strictly as a scenario: what it does not know is told, with its place, and
// not passed over.
func ReadFile(file string) (map[string]any, error) {
	text, err := input.ReadFile(file, input.MostYAML)
	if err != nil {
		return nil, fmt.Errorf("configuration %s: %w", file, err)
	}
	parsed, err := input.YAML(text)
	if err != nil {
		return nil, fmt.Errorf("configuration %s: %w", file, input.PlainYAML(err))
	}
	if len(parsed.Docs) > 1 {
		return nil, fmt.Errorf("configuration %s: a second document; want one", file)
	}
	if len(parsed.Docs) == 0 || parsed.Docs[0].Body == nil {
		return nil, nil
	}
	body := parsed.Docs[0].Body
	if err := checkSettings(body); err != nil {
		at := body.GetToken().Position
		var wrong *wrongSetting
		if errors.As(err, &wrong) {
			at = wrong.at.GetToken().Position
		}
		return nil, fmt.Errorf("configuration %s:%d:%d: %w", file, at.Line, at.Column, err)
	}
	content := map[string]any{}
	if err := yaml.NodeToValue(body, &content); err != nil {
		return nil, fmt.Errorf("configuration %s: %w", file, input.PlainYAML(err))
	}
	return content, nil
}

// A wrongSetting is one, and where it stands.
type wrongSetting struct {
	at   ast.Node
	text string
}

func (w *wrongSetting) Error() string { return w.text }

// checkSettings judges keys and kinds of values; what the values mean is judged with those of flags and the
// environment.
func checkSettings(body ast.Node) error {
	all, err := pairsOf(body, "want a setting and its value on each line, such as theme: dark")
	if err != nil {
		return err
	}
	for _, one := range all {
		name := one.Key.GetToken().Value
		switch {
		case !slices.Contains(Names(), name):
			return &wrongSetting{one.Key, fmt.Sprintf("%q is no setting; want one of %s", name, strings.Join(Names(), ", "))}
		case name != "keys":
			if !scalar(one.Value) {
				return &wrongSetting{one.Value, name + ": want one plain value, such as theme: dark"}
			}
			continue
		}
		const want = "keys: want an action and its keys on each line, such as kill: [K, f9]"
		actions, err := pairsOf(one.Value, want)
		if err != nil {
			return err
		}
		for _, action := range actions {
			keys := []ast.Node{action.Value}
			if list, ok := action.Value.(*ast.SequenceNode); ok {
				keys = list.Values
			}
			if i := slices.IndexFunc(keys, func(n ast.Node) bool { return !scalar(n) }); i >= 0 {
				return &wrongSetting{keys[i], want}
			}
		}
	}
	return nil
}

// pairsOf are the keys and values of a node; one that has none is wrong.
func pairsOf(node ast.Node, want string) ([]*ast.MappingValueNode, error) {
	if all, ok := input.Pairs(node); ok {
		return all, nil
	}
	return nil, &wrongSetting{node, want}
}

// scalar says whether a value is written out, and is one.
func scalar(node ast.Node) bool {
	switch node.(type) {
	case *ast.StringNode, *ast.LiteralNode, *ast.BoolNode, *ast.IntegerNode, *ast.FloatNode:
		text := node.GetToken().Value
		return words.Printable(text) == text // a key that moves the cursor is none that can be shown
	}
	return false
}
