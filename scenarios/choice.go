package scenarios

import (
	"errors"
	"fmt"
	"strings"
)

// A Choice is how a scenario is to be run: of its forms the short one or not, with one of its variants alone or all, and what
// is changed of it.
type Choice struct {
	Quick   bool
	Variant string   // empty: all of them
	Set     []string // KEY=VALUE
}

// OpenAs is Open with a choice made; all that is wrong with the settings is told at once.
func OpenAs(nameOrPath string, c Choice) (*Document, error) {
	doc, err := Open(nameOrPath)
	if err == nil && c.Quick {
		doc, err = doc.Quick()
	}
	var all []Setting
	for _, text := range c.Set {
		one, wrong := ParseSetting(text)
		err = errors.Join(err, wrong)
		all = append(all, one)
	}
	if err == nil {
		doc, err = doc.With(all...)
	}
	if err == nil && c.Variant != "" {
		doc, err = doc.Only(c.Variant)
	}
	return doc, err
}

// Only is the scenario with one of its variants, by its name.
func (d *Document) Only(variant string) (*Document, error) {
	var names []string
	for i, v := range d.Scenario.Variants {
		names = append(names, v.Name)
		if v.Name != variant {
			continue
		}
		tree := deepCopy(d.tree).(map[string]any)
		all, ok := tree["variants"].([]any)
		if !ok || i >= len(all) {
			return d, nil // it has none but the one that every scenario has
		}
		tree["variants"] = all[i : i+1]
		next, err := build(d.file, tree, func(string, string) (int, int) { return 0, 0 })
		if err != nil {
			return nil, err
		}
		next.file = d.file
		return next, nil
	}
	return nil, fmt.Errorf("--variant %q: scenario %s has no such variant; it has %s", variant, d.Scenario.Name, strings.Join(names, ", "))
}
