package main

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/vm"
	"github.com/goccy/go-yaml"

	"github.com/hangtime-dev/hangtime/scenarios"
)

// claims is claims.yaml.
type claims struct {
	Claims     []claim      `yaml:"claims"`
	Unmeasured []unmeasured `yaml:"unmeasured"`
}

// An unmeasured claim is one that nothing here looks at, and why.
type unmeasured struct {
	Claim string `yaml:"claim"`
	Why   string `yaml:"why"`
}

// A claim is one sentence of the guide, and what would make it true or not.
type claim struct {
	Title string `yaml:"title"`
	Where string `yaml:"where"` // its section in the guide
	Quote string `yaml:"quote"` // its words there
	// Look names what it looks at: SCENARIO/VARIANT or python/FACT.
	Look yaml.MapSlice `yaml:"look"`
	// Findings are tried in turn: the first whose `when` holds is the finding. If none holds, or a figure that it
	// asks for was not measured, nothing is found.
	Findings []finding `yaml:"findings"`

	looks []look
}

// A look is one variant of one source under the name that expressions and sentences have for it.
type look struct{ name, source, variant string }

// A finding is what some figures come to.
type finding struct {
	Is   string `yaml:"is"`   // true, false, only when
	When string `yaml:"when"` // an expression over figures, such as bad.hangs >= 1
	Says string `yaml:"says"` // with {bad.longest_stall} for figures

	program *vm.Program
	uses    []use
}

// A use is one figure of one look.
type use struct{ look, figure string }

const notShown = "not shown"

// readClaims reads and judges the whole file: a name that does not exist is told here and not found missing after ten
// minutes of runs.
func readClaims(text []byte) (*claims, error) {
	var c claims
	if err := yaml.UnmarshalWithOptions(text, &c, yaml.Strict()); err != nil {
		return nil, fmt.Errorf("claims.yaml: %w", err)
	}
	var wrong []error
	for i := range c.Claims {
		one := &c.Claims[i]
		if err := one.prepare(); err != nil {
			wrong = append(wrong, fmt.Errorf("claims.yaml: %q: %w", one.Title, err))
		}
	}
	return &c, errors.Join(wrong...)
}

func (c *claim) prepare() error {
	if c.Title == "" || c.Where == "" || c.Quote == "" || len(c.Look) == 0 {
		return errors.New("want title, where, quote and look")
	}
	env := map[string]any{}
	for _, item := range c.Look {
		name, source, variant := fmt.Sprint(item.Key), "", ""
		source, variant, _ = strings.Cut(fmt.Sprint(item.Value), "/")
		if err := exists(source, variant); err != nil {
			return err
		}
		c.looks = append(c.looks, look{name, source, variant})
		env[name] = map[string]any{}
	}
	said := map[string]bool{}
	for i := range c.Findings {
		f := &c.Findings[i]
		if !slices.Contains([]string{"true", "false", "only when"}, f.Is) {
			return fmt.Errorf("is %q: want true, false or only when", f.Is)
		}
		said[f.Is] = true
		if err := f.compile(env); err != nil {
			return err
		}
	}
	if len(said) < 2 {
		return errors.New("want at least two different findings: a claim that can come out in one way only is not tested")
	}
	return nil
}

func exists(source, variant string) error {
	if source == python {
		return nil // what facts.py says is known when it ran
	}
	doc, err := scenarios.Open(scenarioOf(source))
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(doc.Scenario.Variants, func(v scenarios.Variant) bool { return v.Name == variant }) {
		return fmt.Errorf("scenario %s has no variant %q", source, variant)
	}
	return nil
}

// {bad.longest_stall} is a figure, {bad.deaths:worker} one with what it counts: 1 worker, 2 workers.
var inSentence = regexp.MustCompile(`\{([a-z]+)\.([a-z0-9_]+)(?::([a-z0-9 ]+))?\}`)

func (f *finding) compile(env map[string]any) error {
	collect := &collector{known: env}
	var err error
	if f.program, err = expr.Compile(f.When, expr.Env(env), expr.AsBool(), expr.Patch(collect)); err != nil {
		return fmt.Errorf("when %q: %w", f.When, err)
	}
	if len(collect.uses) == 0 {
		return fmt.Errorf("when %q looks at no figure", f.When)
	}
	f.uses = collect.uses
	for _, m := range inSentence.FindAllStringSubmatch(f.Says, -1) {
		if _, ok := env[m[1]]; !ok {
			return fmt.Errorf("says %s: nothing is called %s", m[0], m[1])
		}
		f.uses = append(f.uses, use{m[1], m[2]})
	}
	return nil
}

// A collector notes the figures that an expression asks for.
type collector struct {
	known map[string]any
	uses  []use
}

func (c *collector) Visit(node *ast.Node) {
	member, ok := (*node).(*ast.MemberNode)
	if !ok {
		return
	}
	of, ok := member.Node.(*ast.IdentifierNode)
	figure, ok2 := member.Property.(*ast.StringNode)
	if ok && ok2 {
		c.uses = append(c.uses, use{of.Value, figure.Value})
	}
}

// sources are all that the claims look at, in the order in which they are first named.
func (c *claims) sources() []string {
	var all []string
	for _, one := range c.Claims {
		for _, l := range one.looks {
			if !slices.Contains(all, l.source) {
				all = append(all, l.source)
			}
		}
	}
	return all
}

// judge is the finding on what was measured, its sentence, and what it rests on.
func (c *claim) judge(all measurements) (is, says string, err error) {
	env := map[string]any{}
	variants := map[string]seen{}
	for _, l := range c.looks {
		v, ok := all[l.source].Variants[l.variant]
		if !ok {
			return "", "", fmt.Errorf("%q: nothing was measured of %s/%s", c.Title, l.source, l.variant)
		}
		variants[l.name] = v
		values := map[string]any{"causes": v.Causes, "outcome": v.Outcome, "victims": float64(v.Victims)}
		for name, value := range v.Figures {
			values[name] = value
		}
		env[l.name] = values
	}
	for _, f := range c.Findings {
		complete := true
		for _, u := range f.uses {
			if _, ok := variants[u.look].text(u.figure); !ok {
				complete = false
				break
			}
			if strings.HasPrefix(u.figure, answered) {
				env[u.look].(map[string]any)[u.figure], _ = variants[u.look].number(u.figure)
			}
		}
		if !complete {
			continue
		}
		holds, err := expr.Run(f.program, env)
		if err != nil {
			return "", "", fmt.Errorf("%q: when %q: %w", c.Title, f.When, err)
		}
		if holds.(bool) {
			return f.Is, fill(f.Says, variants), nil
		}
	}
	return notShown, "What was measured this time does not decide it.", nil
}

// fill writes the figures into a sentence.
func fill(says string, variants map[string]seen) string {
	return inSentence.ReplaceAllStringFunc(says, func(found string) string {
		m := inSentence.FindStringSubmatch(found)
		text, _ := variants[m[1]].text(m[2])
		if m[3] == "" {
			return text
		}
		if text == "1" {
			return text + " " + m[3]
		}
		return text + " " + m[3] + "s"
	})
}

// rests are the figures that the findings of a claim ask for, each once.
func (c *claim) rests() []string {
	var all []string
	for _, f := range c.Findings {
		for _, u := range f.uses {
			if !slices.Contains(all, u.figure) {
				all = append(all, u.figure)
			}
		}
	}
	return all
}
