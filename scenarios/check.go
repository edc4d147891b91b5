package scenarios

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/vm"
)

// A CompiledCheck is a check that was found sound.
type CompiledCheck struct {
	Check
	Uses    []string // the figures in it, in the order of Figures
	program *vm.Program
}

// Compile reads the check's expression: https://expr-lang.org over the numbers of Figures; it must come to true or false.
func (c Check) Compile() (CompiledCheck, error) {
	env := map[string]float64{}
	for _, f := range Figures() {
		env[f.Name] = math.NaN()
	}
	uses := &names{seen: map[string]bool{}}
	program, err := expr.Compile(c.That, expr.Env(env), expr.AsBool(), expr.Patch(uses))
	if err != nil {
		return CompiledCheck{}, exprProblem(c.That, err, env)
	}
	compiled := CompiledCheck{Check: c, program: program}
	for _, f := range Figures() {
		if uses.seen[f.Name] {
			compiled.Uses = append(compiled.Uses, f.Name)
		}
	}
	if len(compiled.Uses) == 0 {
		return CompiledCheck{}, fmt.Errorf("check %q looks at no figure; docs/metrics.md lists them", c.That)
	}
	return compiled, nil
}

// Holds evaluates it; every figure of Uses must be in values.
func (c CompiledCheck) Holds(values map[string]float64) (bool, error) {
	out, err := expr.Run(c.program, values)
	if err != nil {
		return false, fmt.Errorf("check %q: %w", c.That, err)
	}
	return out.(bool), nil
}

type names struct{ seen map[string]bool }

func (n *names) Visit(node *ast.Node) {
	if id, ok := (*node).(*ast.IdentifierNode); ok {
		n.seen[id.Value] = true
	}
}

func exprProblem(text string, err error, env map[string]float64) error {
	var at *file.Error
	if !errors.As(err, &at) {
		return fmt.Errorf("check %q: %w", text, err)
	}
	hint := ""
	if name, ok := strings.CutPrefix(at.Message, "unknown name "); ok {
		known := make([]string, 0, len(env))
		for k := range env {
			known = append(known, k)
		}
		slices.Sort(known)
		hint = "; " + unknownHint(strings.TrimSpace(name), known)
	}
	return fmt.Errorf("check %q, column %d: %s%s", text, at.Column+1, at.Message, hint)
}
