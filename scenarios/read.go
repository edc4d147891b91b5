package scenarios

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// A Problem is one thing wrong with a scenario: where, what, and what would be right.
type Problem struct {
	File         string // path, or the flag that set the key
	Line, Column int    // from 1; 0: the whole file, or a flag
	Key          string // "server.workers"; empty where the text is no YAML
	Text         string
	Hint         string
}

func (p *Problem) Error() string {
	var b strings.Builder
	b.WriteString(p.File)
	if p.Line > 0 {
		fmt.Fprintf(&b, ":%d:%d", p.Line, p.Column)
	}
	b.WriteString(": ")
	if p.Key != "" {
		b.WriteString(p.Key + ": ")
	}
	b.WriteString(p.Text)
	if p.Hint != "" {
		b.WriteString("; " + p.Hint)
	}
	return b.String()
}

// A Document is a scenario that was read and found sound, with all that was set on top of it.
type Document struct {
	Scenario Scenario
	file     string
	tree     map[string]any // as written, plus settings; defaults are not in it
}

// Read reads a scenario strictly: an unknown key or a bad value is a *Problem that names line, column and what is allowed.
// Where several things are wrong, all are returned, joined.
func Read(file string, text []byte) (*Document, error) {
	parsed, err := parser.ParseBytes(text, 0)
	if err != nil {
		return nil, syntaxProblem(file, err)
	}
	if len(parsed.Docs) == 0 || parsed.Docs[0].Body == nil {
		return nil, &Problem{File: file, Text: "the scenario is empty",
			Hint: "`hangtime scenarios show log-contention` prints one to start from"}
	}
	if len(parsed.Docs) > 1 {
		at := parsed.Docs[1].Body.GetToken().Position
		return nil, &Problem{File: file, Line: at.Line, Column: at.Column,
			Text: "a second document; want one scenario a file"}
	}
	body := parsed.Docs[0].Body
	if problems := checkTree(file, body); len(problems) > 0 {
		return nil, errors.Join(problems...)
	}
	tree := map[string]any{}
	if err := yaml.Unmarshal(text, &tree); err != nil {
		return nil, syntaxProblem(file, err)
	}
	where := func(key, last string) (line, column int) { return locate(body, key, last) }
	d, err := build(file, tree, where)
	if err != nil {
		return nil, err
	}
	if err := d.checkSets(where); err != nil {
		return nil, err
	}
	return d, nil
}

// A place says where a key such as "variants[0].set" stands, and, where last is not empty, that key below it as it is
// written, dots and all.
type place func(key, last string) (line, column int)

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

// checkSets tries each variant's settings, and those of --quick, so that a slip in them is told before anything starts.
func (d *Document) checkSets(where place) error {
	var problems []error
	try := func(at string, set map[string]any) {
		_, err := d.With(settings(set)...)
		for _, p := range Problems(err) {
			line, column := where(at, "")
			for key := range set {
				if strings.HasPrefix(p.File, "--set "+key+"=") && len(set) == 1 ||
					p.File == fmt.Sprintf("--set %s=%v", key, set[key]) {
					line, column = where(at, key)
				}
			}
			problems = append(problems, &Problem{File: d.file, Line: line, Column: column,
				Key: strings.TrimSuffix(join(at, p.Key), "."), Text: p.Text, Hint: p.Hint})
		}
	}
	for i, v := range d.Scenario.Variants {
		try(fmt.Sprintf("variants[%d].set", i), v.Set)
	}
	try("quick", d.Scenario.Quick)
	return errors.Join(problems...)
}

// Problems are the single problems that an error of this package is made of.
func Problems(err error) []*Problem {
	if err == nil {
		return nil
	}
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		var all []*Problem
		for _, one := range many.Unwrap() {
			all = append(all, Problems(one)...)
		}
		return all
	}
	var p *Problem
	if errors.As(err, &p) {
		return []*Problem{p}
	}
	return []*Problem{{Text: err.Error()}}
}

// Variant is the scenario as the i-th variant runs it.
func (d *Document) Variant(i int) (Scenario, error) {
	v := d.Scenario.Variants[i]
	with, err := d.With(settings(v.Set)...)
	if err != nil {
		return Scenario{}, fmt.Errorf("variant %s: %w", v.Name, err)
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

// Open reads a built-in scenario by its name, or a file by its path.
func Open(nameOrPath string) (*Document, error) {
	if strings.ContainsAny(nameOrPath, "/\\") || strings.HasSuffix(nameOrPath, ".yaml") ||
		strings.HasSuffix(nameOrPath, ".yml") {
		text, err := os.ReadFile(nameOrPath)
		if err != nil {
			return nil, fmt.Errorf("read scenario: %w", err)
		}
		return Read(nameOrPath, text)
	}
	text, err := Text(nameOrPath)
	if err != nil {
		return nil, err
	}
	return Read(nameOrPath+".yaml", text)
}

// locate finds the place of a key in the file; of its nearest parent where the key itself is not written.
func locate(body ast.Node, key, last string) (line, column int) {
	path := steps(key)
	if last != "" {
		path = append(path, last)
	}
	node, pos := body, body.GetToken().Position
	for i, step := range path {
		at, next := child(node, step)
		if next == nil {
			break
		}
		node, pos = next, next.GetToken().Position
		if i == len(path)-1 && last != "" {
			pos = at.GetToken().Position
		}
	}
	if values, ok := pairs(node); ok && last == "" && len(values) > 0 {
		pos = values[0].Key.GetToken().Position
	}
	return pos.Line, pos.Column
}

// child returns the node of a key (or item) and the node of its value.
func child(node ast.Node, step string) (at, value ast.Node) {
	if values, ok := pairs(node); ok {
		for _, v := range values {
			if v.Key.GetToken().Value == step {
				return v.Key, v.Value
			}
		}
	}
	if list, ok := node.(*ast.SequenceNode); ok {
		for i, v := range list.Values {
			if fmt.Sprint(i) == step {
				return v, v
			}
		}
	}
	return nil, nil
}
