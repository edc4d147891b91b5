package scenarios

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"

	"github.com/hangtime-dev/hangtime/input"
)

// checkTree compares what is written with what the types of a scenario allow, before anything is decoded:
// the library's own messages name Go types, ours name keys and what they take.
func checkTree(file string, body ast.Node) []error {
	c := treeCheck{file: file}
	c.node(body, reflect.TypeFor[Scenario](), "")
	return c.problems
}

type treeCheck struct {
	file     string
	problems []error
}

// mostProblems bounds what is gathered of a file that is wrong in every line.
const mostProblems = 2000

func (c *treeCheck) problem(at ast.Node, key, text, hint string) {
	if len(c.problems) == mostProblems {
		return
	}
	pos := at.GetToken().Position
	c.problems = append(c.problems, &Problem{c.file, pos.Line, pos.Column, key, text, hint})
}

func (c *treeCheck) node(node ast.Node, want reflect.Type, key string) {
	if want.Kind() == reflect.Pointer {
		want = want.Elem()
	}
	switch n := node.(type) {
	case *ast.AnchorNode:
		c.node(n.Value, want, key)
		return
	case *ast.AliasNode, *ast.TagNode:
		c.problem(n, key, "aliases and tags are not read in scenarios", "write the value out")
		return
	case *ast.NullNode:
		c.problem(n, key, "has no value", "want "+describe(want))
		return
	}
	switch {
	case want == reflect.TypeFor[time.Duration](), want == reflect.TypeFor[Rate]():
		c.scalar(node, want, key)
	case want.Kind() == reflect.Struct:
		c.mapping(node, want, key)
	case want.Kind() == reflect.Slice:
		seq, ok := node.(*ast.SequenceNode)
		if !ok {
			c.problem(node, key, "want a list", "each item begins with a dash and a space")
			return
		}
		for i, item := range seq.Values {
			c.node(item, want.Elem(), fmt.Sprintf("%s[%d]", key, i))
		}
	case want.Kind() == reflect.Map:
		c.table(node, want.Elem(), key)
	default:
		c.scalar(node, want, key)
	}
}

func (c *treeCheck) mapping(node ast.Node, want reflect.Type, key string) {
	values, ok := input.Pairs(node)
	if !ok {
		what := "want keys and values"
		if key == "" {
			what = "a scenario is keys and values"
		}
		c.problem(node, key, what, "such as "+keysOf(want)[0]+": …")
		return
	}
	for _, v := range values {
		name := v.Key.GetToken().Value
		field, known := fieldOf(want, name)
		if !known {
			c.problem(v.Key, key, fmt.Sprintf("unknown key %q", name), unknownHint(name, keysOf(want)))
			continue
		}
		before := len(c.problems)
		c.node(v.Value, field.Type, join(key, name))
		if len(c.problems) == before {
			c.limits(v.Value, field, join(key, name))
		}
	}
}

// table judges keys that are free: variables and headers, whose values are texts, and settings, whose values are
// judged with the scenario that they make.
func (c *treeCheck) table(node ast.Node, want reflect.Type, key string) {
	values, ok := input.Pairs(node)
	if !ok {
		c.problem(node, key, "want keys and values", "")
		return
	}
	for _, v := range values {
		switch v.Key.(type) {
		case *ast.StringNode, *ast.IntegerNode, *ast.BoolNode:
		default:
			c.problem(v.Key, key, "a key that is no plain word", "want KEY: VALUE")
			continue
		}
		name := join(key, v.Key.GetToken().Value)
		if want.Kind() == reflect.Interface {
			c.plain(v.Value, name)
		} else {
			c.node(v.Value, want, name)
		}
	}
}

// plain judges a value of which only its use says what it may be: it is written out, however it is made.
func (c *treeCheck) plain(node ast.Node, key string) {
	switch n := node.(type) {
	case *ast.AnchorNode:
		c.plain(n.Value, key)
		return
	case *ast.AliasNode, *ast.TagNode:
		c.problem(n, key, "aliases and tags are not read in scenarios", "write the value out")
		return
	case *ast.SequenceNode:
		for i, item := range n.Values {
			c.plain(item, fmt.Sprintf("%s[%d]", key, i))
		}
		return
	}
	if _, ok := input.Pairs(node); ok {
		c.table(node, reflect.TypeFor[any](), key)
	}
}

func (c *treeCheck) scalar(node ast.Node, want reflect.Type, key string) {
	switch node.(type) {
	case *ast.MappingNode, *ast.MappingValueNode, *ast.SequenceNode:
		c.problem(node, key, "want "+describe(want), "")
		return
	}
	text := node.GetToken().Value
	bad := false
	switch {
	case want == reflect.TypeFor[time.Duration]():
		_, err := time.ParseDuration(text)
		bad = err != nil
	case want == reflect.TypeFor[Rate]():
		_, err := ParseRate(text)
		if errors.Is(err, errRateRange) {
			c.problem(node, key, fmt.Sprintf("%q %v", text, errRateRange), "")
			return
		}
		bad = err != nil
	default:
		switch want.Kind() {
		case reflect.Int, reflect.Uint64:
			_, isInt := node.(*ast.IntegerNode)
			bad = !isInt || (want.Kind() == reflect.Uint64 && strings.HasPrefix(text, "-"))
		case reflect.Float64:
			_, isFloat := node.(*ast.FloatNode)
			_, isInt := node.(*ast.IntegerNode)
			bad = !isFloat && !isInt
		case reflect.Bool:
			_, isBool := node.(*ast.BoolNode)
			bad = !isBool
		case reflect.String:
			switch node.(type) {
			case *ast.StringNode, *ast.LiteralNode:
			default:
				// `worker: 2` and the like: what is meant is clear.
				bad = node.Type() == ast.BoolType
			}
		}
	}
	if bad {
		c.problem(node, key, fmt.Sprintf("%q is not %s", text, describe(want)), "")
	}
}

// describe says what a value of the type looks like.
func describe(t reflect.Type) string {
	switch {
	case t == reflect.TypeFor[time.Duration]():
		return "a duration such as 500ms, 10s or 1m30s"
	case t == reflect.TypeFor[Rate]():
		return "a rate above 0 such as 200/s or 6000/m"
	}
	switch t.Kind() {
	case reflect.Int, reflect.Uint64:
		return "a whole number such as 4"
	case reflect.Float64:
		return "a number such as 0.5"
	case reflect.Bool:
		return "true or false"
	case reflect.Slice:
		return "a list"
	case reflect.Struct, reflect.Map:
		return "keys and values"
	}
	return "a text"
}

// keysOf are the keys that a struct takes, in the order in which it declares them.
func keysOf(t reflect.Type) []string {
	var keys []string
	for _, field := range fields(t) {
		keys = append(keys, yamlName(field))
	}
	return keys
}

func fieldOf(t reflect.Type, key string) (reflect.StructField, bool) {
	for _, field := range fields(t) {
		if yamlName(field) == key {
			return field, true
		}
	}
	return reflect.StructField{}, false
}
