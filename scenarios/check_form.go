package scenarios

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"

	"github.com/expr-lang/expr/ast"
)

// The expression language can do more than a sentence about figures: lists, tables, texts, functions. What of it could
// fail, or come to something that is neither true nor false, only when a run is over is refused when the check is read.

// mostCheck bounds a check, in bytes: the parser goes as deep as the text.
const mostCheck = 4096

// operators of a check, beside / and %.
var operators = []string{"<", "<=", ">", ">=", "==", "!=", "and", "or", "not", "&&", "||", "!", "+", "-", "*", "**", "^"}

// functions are what a check can call.
var functions = []string{Percentile, ErrorRate, Achieved, IncidentOf, "abs"}

// misplaced says what is wrong with a word that is no number by itself.
func misplaced(node ast.Node) error {
	if name, ok := node.(*ast.IdentifierNode); ok && slices.Contains(functions, name.Value) {
		return fmt.Errorf("%s is called, such as p(99) or abs(p50 - mean)", name.Value)
	}
	return errors.New("a text or a phase stands in p(…), error_rate(…) and the like only")
}

// The functions that stand in for operators whose result may be no number.
const (
	quotient  = "/"
	remainder = "%"
)

// errByNothing makes a check unknown: a division by 0 says nothing of what was measured.
var errByNothing = errors.New("a division by 0, which comes to no number")

// divisions are those functions, as an expression sees them.
func divisions() map[string]any {
	by := func(do func(a, b float64) float64) func(a, b float64) (float64, error) {
		return func(a, b float64) (float64, error) {
			if b == 0 {
				return 0, errByNothing
			}
			return do(a, b), nil
		}
	}
	return map[string]any{
		quotient:  by(func(a, b float64) float64 { return a / b }),
		remainder: by(math.Mod),
	}
}

// form refuses a node that has no meaning in a check, and makes divisions calls.
func (n *names) form(node *ast.Node) {
	switch one := (*node).(type) {
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
	case *ast.ConditionalNode:
		if isBool(one.Exp1) != isBool(one.Exp2) {
			n.refuse(one, errors.New("what stands before and behind the : of a ? : must be both numbers, or both true or false"))
		}
	case *ast.StringNode:
		n.loose = append(n.loose, *node)
	case *ast.IdentifierNode:
		switch {
		case slices.Contains(phases(), one.Value) || slices.Contains(functions, one.Value):
			n.loose = append(n.loose, *node)
		case one.Value == "$env":
			n.refuse(one, errors.New("$env has no meaning in a check"))
		}
	case *ast.CallNode:
		n.loose = slices.DeleteFunc(n.loose, func(l ast.Node) bool { return l == one.Callee || slices.Contains(one.Arguments, l) })
	case *ast.BuiltinNode:
		if one.Name != "abs" {
			n.refuse(one, fmt.Errorf("%s(…) has no meaning in a check", one.Name))
		}
	case *ast.UnaryNode:
		if !slices.Contains(operators, one.Operator) {
			n.refuse(one, fmt.Errorf("%s has no meaning in a check", one.Operator))
		}
	case *ast.BinaryNode:
		n.binary(node, one)
	default:
		n.refuse(one, errors.New("a check has figures, numbers and comparisons; lists, tables, texts and functions of one's own have no meaning in it"))
	}
}

func isBool(node ast.Node) bool {
	of := node.Type()
	return of != nil && of.Kind() == reflect.Bool
}

func (n *names) binary(node *ast.Node, one *ast.BinaryNode) {
	switch {
	case one.Operator == quotient || one.Operator == remainder:
		call := &ast.CallNode{Callee: &ast.IdentifierNode{Value: one.Operator}, Arguments: []ast.Node{one.Left, one.Right}}
		call.SetLocation(one.Location())
		ast.Patch(node, call)
	case !slices.Contains(operators, one.Operator):
		n.refuse(one, fmt.Errorf("%s has no meaning in a check", one.Operator))
	}
}
