package scenarios

import (
	"errors"
	"fmt"
	"strings"

	"github.com/goccy/go-yaml"

	"github.com/hangtime-dev/hangtime/input"
)

// Read reads a scenario strictly: an unknown key or a bad value is a *Problem that names line, column and what is allowed.
// Where several things are wrong, all are returned, joined.
func Read(file string, text []byte) (*Document, error) {
	parsed, err := input.YAML(text)
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
	if err := yaml.NodeToValue(body, &tree); err != nil {
		return nil, syntaxProblem(file, err)
	}
	where := func(key, last string) (line, column int) { return locate(body, key, last) }
	d, err := build(file, tree, where)
	if err != nil {
		return nil, err
	}
	if n := d.settings(); n*len(text) > mostSettled {
		return nil, &Problem{File: file, Text: fmt.Sprintf("%d settings of variants in a file of %d bytes", n, len(text)),
			Hint: "want fewer of them, or a shorter file: each is judged with the whole of it"}
	}
	if err := d.checkSets(where); err != nil {
		return nil, err
	}
	return d, nil
}

// mostSettled bounds how much is judged again for the settings of variants and of --quick, in bytes.
const mostSettled = 4 << 20

// settings is how many keys variants and --quick change.
func (d *Document) settings() int {
	n := len(d.Scenario.Quick)
	for _, v := range d.Scenario.Variants {
		n += len(v.Set)
	}
	return n
}

// checkSets tries each variant's settings, and those of --quick, so that a slip in them is told before anything starts.
func (d *Document) checkSets(where place) error {
	var problems []error
	try := func(at string, set map[string]any) *Document {
		with, err := d.With(settings(set)...)
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
		return with
	}
	aims := map[string]bool{} // that were told, of an earlier variant
	for i, v := range d.Scenario.Variants {
		with := try(fmt.Sprintf("variants[%d].set", i), v.Set)
		if with == nil {
			continue
		}
		for _, p := range aimsAtNoEngine(with.Scenario) {
			if !aims[p.Key] {
				aims[p.Key] = true
				p.File = d.file
				p.Line, p.Column = where(p.Key, "")
				problems = append(problems, p)
			}
		}
	}
	try("quick", d.Scenario.Quick)
	return errors.Join(problems...)
}

// Open reads a built-in scenario by its name, or a file by its path.
func Open(nameOrPath string) (*Document, error) {
	if strings.ContainsAny(nameOrPath, "/\\") || strings.HasSuffix(nameOrPath, ".yaml") ||
		strings.HasSuffix(nameOrPath, ".yml") {
		text, err := input.ReadFile(nameOrPath, input.MostYAML)
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
