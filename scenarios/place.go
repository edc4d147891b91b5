package scenarios

import (
	"fmt"
	"path/filepath"

	"github.com/goccy/go-yaml/ast"

	"github.com/hangtime-dev/hangtime/input"
)

// Place finds where a key such as "variants[0].checks[1]" stands in a scenario's text; where the key is not written,
// its nearest parent. Lines and columns are from 1; 0 in a text that is no YAML.
func Place(text []byte, key string) (line, column int) {
	parsed, err := input.YAML(text)
	if err != nil || len(parsed.Docs) == 0 || parsed.Docs[0].Body == nil {
		return 0, 0
	}
	return locate(parsed.Docs[0].Body, key, "")
}

// PlaceIn finds keys in a scenario's file, which is told as its path without "./"; in one that cannot be read, such as a
// built-in scenario, it finds nothing: "", 0, 0.
func PlaceIn(file string) func(key string) (path string, line, column int) {
	text, err := input.ReadFile(file, input.MostYAML)
	if err != nil {
		return func(string) (string, int, int) { return "", 0, 0 }
	}
	return func(key string) (string, int, int) {
		line, column := Place(text, key)
		return filepath.Clean(file), line, column
	}
}

// A place says where a key such as "variants[0].set" stands, and, where last is not empty, that key below it as it is
// written, dots and all.
type place func(key, last string) (line, column int)

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
	if values, ok := input.Pairs(node); ok && last == "" && len(values) > 0 {
		pos = values[0].Key.GetToken().Position
	}
	return pos.Line, pos.Column
}

// child returns the node of a key (or item) and the node of its value.
func child(node ast.Node, step string) (at, value ast.Node) {
	if values, ok := input.Pairs(node); ok {
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
