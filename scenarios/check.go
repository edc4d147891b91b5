package scenarios

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/vm"
)

// A Check is a sentence about the figures of a variant that must hold, such as "tasks_lost == 0 and p99 < 500".
type Check struct {
	// That is the expression; docs/checks.md has the names it can use. Times are milliseconds. Thresholds as k6
	// writes them are understood: p(99)<500.
	That string `yaml:"that" json:"that" jsonschema:"required"`
	// Why is shown beside it.
	Why string `yaml:"why,omitempty" json:"why,omitempty"`
	// Abort ends the run early, as failed, once the check has not held for the time of grace.
	Abort bool `yaml:"abort,omitempty" json:"abort,omitempty"`
	// Grace is how long it may fail to hold before that; 0: 1 s.
	Grace time.Duration `yaml:"grace,omitempty" json:"grace,omitempty" jsonschema:"type=string"`
}

// A CompiledCheck is a check that was found sound.
type CompiledCheck struct {
	Check
	Uses     []Measure // the numbers it asks for: figures in the order of Figures, then calls as they stand
	Literals []float64 // the numbers in it, with their unit: where what it comes to may change
	program  *vm.Program
}

// units are the numbers by which a check may name a time or a size; plain numbers are milliseconds and bytes.
func units() map[string]float64 {
	return map[string]float64{"ms": 1, "s": 1000, "minute": 60_000, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}
}

// aliases are k6's words for what has another name here.
func aliases() map[string]string {
	return map[string]string{"avg": "mean", "med": "p50", "rate": "error_share"}
}

// environment is what an expression sees; number is asked for every figure and call.
func environment(number func(Measure) float64) map[string]any {
	env := divisions()
	for _, f := range Figures() {
		env[f.Name] = number(Measure{Key: f.Name})
	}
	for name, value := range units() {
		env[name] = value
	}
	for _, name := range phases() {
		env[name] = name
	}
	asked := func(name string, arguments []any) float64 {
		m, err := call(name, arguments)
		if err != nil {
			return math.NaN() // cannot be: Compile judged it
		}
		return number(m)
	}
	env[Percentile] = func(q float64, of ...string) float64 { return asked(Percentile, append([]any{q}, texts(of)...)) }
	for _, name := range []string{ErrorRate, Achieved, IncidentOf} {
		env[name] = func(of ...string) float64 { return asked(name, texts(of)) }
	}
	return env
}

func texts(all []string) []any {
	out := make([]any, len(all))
	for i, one := range all {
		out[i] = one
	}
	return out
}

// Compile reads the check's expression: https://expr-lang.org over the numbers of Figures and the functions of
// Measure; it must come to true or false.
func (c Check) Compile() (CompiledCheck, error) {
	if len(c.That) > mostCheck {
		return CompiledCheck{}, fmt.Errorf("a check of %d bytes; want at most %d", len(c.That), mostCheck)
	}
	env := environment(func(Measure) float64 { return math.NaN() })
	uses := &names{figures: map[string]bool{}}
	program, err := expr.Compile(withoutMetric(c.That), expr.Env(env), expr.AsBool(), expr.WarnOnAny(), expr.Patch(uses),
		expr.DisableAllBuiltins(), expr.EnableBuiltin("abs"))
	if len(uses.loose) > 0 {
		uses.refuse(uses.loose[0], misplaced(uses.loose[0]))
	}
	if uses.wrong != nil {
		return CompiledCheck{}, fmt.Errorf("check %q, column %d: %w", c.That, uses.at+1, uses.wrong)
	}
	if err != nil {
		if strings.Contains(err.Error(), "expected bool, but got") {
			return CompiledCheck{}, fmt.Errorf("check %q comes to a value; want a comparison, which is true or false, such as p99 < 500", c.That)
		}
		return CompiledCheck{}, exprProblem(c.That, err, env)
	}
	compiled := CompiledCheck{Check: c, Literals: uses.literals, program: program}
	for _, f := range Figures() {
		if uses.figures[f.Name] {
			compiled.Uses = append(compiled.Uses, Measure{Key: f.Name})
		}
	}
	compiled.Uses = append(compiled.Uses, uses.calls...)
	if len(compiled.Uses) == 0 {
		return CompiledCheck{}, fmt.Errorf("check %q looks at no figure; docs/checks.md lists them", c.That)
	}
	return compiled, nil
}

// k6Metric is the name of a metric of k6 before a threshold on it, as in "http_req_duration: p(95)<500".
var k6Metric = regexp.MustCompile(`^\s*(http_req_duration|http_req_failed)\s*:`)

// withoutMetric blanks such a name out, so that columns stay what they are.
func withoutMetric(that string) string {
	found := k6Metric.FindString(that)
	return strings.Repeat(" ", len(found)) + that[len(found):]
}

// Holds evaluates it; every measure of Uses must be in values, by its key.
func (c CompiledCheck) Holds(values map[string]float64) (bool, error) {
	out, err := expr.Run(c.program, environment(func(m Measure) float64 {
		if v, ok := values[m.Key]; ok {
			return v
		}
		return math.NaN()
	}))
	if err != nil {
		return false, fmt.Errorf("check %q: %w", c.That, err)
	}
	holds, ok := out.(bool)
	if !ok {
		return false, fmt.Errorf("check %q came to %v, which is neither true nor false", c.That, out)
	}
	return holds, nil
}

// names collects what an expression asks for.
type names struct {
	figures  map[string]bool
	calls    []Measure
	literals []float64
	loose    []ast.Node // texts and phases that are no arguments
	wrong    error      // the first call that is not sound
	at       int        // where it stands, from 0
}

func (n *names) Visit(node *ast.Node) {
	n.form(node)
	switch one := (*node).(type) {
	case *ast.IdentifierNode:
		if real, ok := aliases()[one.Value]; ok {
			location := one.Location()
			ast.Patch(node, &ast.IdentifierNode{Value: real})
			(*node).SetLocation(location)
			n.figures[real] = true
			return
		}
		n.figures[one.Value] = true
	case *ast.CallNode:
		n.call(one)
	case *ast.IntegerNode, *ast.FloatNode:
		value, _ := literal(one)
		n.literals = append(n.literals, value)
	case *ast.BinaryNode:
		left, isLeft := literal(one.Left)
		right, isRight := literal(one.Right)
		if one.Operator == "*" && isLeft && isRight {
			n.literals = append(n.literals, left*right)
		}
	}
}

// literal is the value of a number or a unit.
func literal(node ast.Node) (float64, bool) {
	switch one := node.(type) {
	case *ast.IntegerNode:
		return float64(one.Value), true
	case *ast.FloatNode:
		return one.Value, true
	case *ast.IdentifierNode:
		value, ok := units()[one.Value]
		return value, ok
	}
	return 0, false
}

func (n *names) call(node *ast.CallNode) {
	name, ok := node.Callee.(*ast.IdentifierNode)
	if !ok {
		n.refuse(node, errors.New("only p(…), error_rate(…), achieved_in(…), incidents_of(…) and abs(…) can be called"))
		return
	}
	if name.Value == quotient || name.Value == remainder {
		return // an operator
	}
	var arguments []any
	for _, a := range node.Arguments {
		switch v := a.(type) {
		case *ast.IntegerNode:
			arguments = append(arguments, float64(v.Value))
		case *ast.FloatNode:
			arguments = append(arguments, v.Value)
		case *ast.StringNode:
			arguments = append(arguments, v.Value)
		case *ast.IdentifierNode:
			arguments = append(arguments, v.Value)
		default:
			n.refuse(a, errors.New("want a plain number, a phase or a tag here, no calculation"))
			return
		}
	}
	m, err := call(name.Value, arguments)
	if err != nil {
		n.refuse(node, err)
		return
	}
	if !slices.Contains(n.calls, m) {
		n.calls = append(n.calls, m)
	}
}

func (n *names) refuse(node ast.Node, err error) {
	if n.wrong == nil {
		n.wrong, n.at = err, node.Location().From
	}
}

func exprProblem(text string, err error, env map[string]any) error {
	var at *file.Error
	if !errors.As(err, &at) {
		return fmt.Errorf("check %q: %w", text, err)
	}
	hint := ""
	if name, ok := strings.CutPrefix(at.Message, "unknown name "); ok {
		known := make([]string, 0, len(env))
		for k := range env {
			if k != quotient && k != remainder {
				known = append(known, k)
			}
		}
		slices.Sort(known)
		hint = "; " + checkHint(strings.TrimSpace(name), known)
	}
	column := at.Column + 1
	switch at.Message {
	case `unexpected token Operator("=")`:
		at.Message, hint = "one = compares nothing", "; write =="
	case `unexpected token Operator(":")`:
		at.Message, hint = "a colon has no meaning here",
			"; of k6's metrics http_req_duration: and http_req_failed: are understood"
	}
	if at.Message == "unexpected token EOF" {
		column, at.Message = utf8.RuneCountInString(text)+1, "it ends in the middle"
	}
	return fmt.Errorf("check %q, column %d: %s%s", text, column, at.Message, hint)
}

// checkHint says what an unknown name could have meant. A list of all of them would hide the answer.
func checkHint(name string, known []string) string {
	if digits, ok := strings.CutPrefix(name, "p"); ok && digits != "" && strings.Trim(digits, "0123456789") == "" {
		return fmt.Sprintf("write p(%s), or p(%s, during) for one phase", digits, digits)
	}
	if near := nearest(name, known); near != "" {
		return fmt.Sprintf("did you mean %q?", near)
	}
	return "docs/checks.md lists the names"
}
