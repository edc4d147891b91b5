package input

import (
	"errors"
	"fmt"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// Bounds of a YAML text that a person wrote. The parser goes as deep as the text, on a stack that ends the process
// when it is used up.
const (
	MostYAML    = 1 << 20 // bytes
	MostDepth   = 64      // levels
	mostAnchors = 64      // anchors and tags, which may stand in each other too
	mostKeys    = 5000    // the parser takes a time that grows with the square of the keys of one level
	mostItems   = 20_000  // of lists, each of which is judged, and told where it is wrong
)

// YAML parses a text of bounded size and depth, in UTF-8 with or without a byte order mark. An error is a *Wrong or
// the parser's.
func YAML(text []byte) (*ast.File, error) {
	if len(text) > MostYAML {
		return nil, &Wrong{Line: 1, Column: 1, Text: fmt.Sprintf("the text has %d bytes", len(text)),
			Hint: "want at most " + size(MostYAML)}
	}
	text, err := UTF8(text)
	if err != nil {
		return nil, err
	}
	tokens := lexer.Tokenize(string(text))
	if err := bounded(tokens); err != nil {
		return nil, err
	}
	return parser.Parse(tokens, 0)
}

// bounded says where a text is deeper than may be parsed.
func bounded(tokens token.Tokens) error {
	flow, anchors, keys, items := 0, 0, 0, 0
	var columns []int // in which the collections that are open began, by indentation
	for _, t := range tokens {
		switch t.Type {
		case token.SequenceStartType, token.MappingStartType:
			flow++
		case token.SequenceEndType, token.MappingEndType:
			flow = max(flow-1, 0)
		case token.CollectEntryType:
			items++
		case token.AnchorType, token.TagType, token.AliasType:
			anchors++
		case token.SequenceEntryType, token.MappingKeyType, token.MappingValueType:
			begins := t
			if t.Type == token.SequenceEntryType {
				items++
			} else {
				keys++
			}
			if t.Type == token.MappingValueType && t.Prev != nil {
				begins = t.Prev // the key
			}
			if flow == 0 {
				columns = within(columns, begins.Position.Column)
			}
		}
		if flow+len(columns) > MostDepth {
			return deepAt(t, fmt.Sprintf("more than %d levels deep", MostDepth), "want a flatter text")
		}
		if keys > mostKeys {
			return deepAt(t, fmt.Sprintf("more than %d keys", mostKeys), "want a shorter text")
		}
		if items > mostItems {
			return deepAt(t, fmt.Sprintf("more than %d items", mostItems), "want a shorter text")
		}
		if anchors > mostAnchors {
			return deepAt(t, fmt.Sprintf("more than %d anchors and tags", mostAnchors), "write the values out")
		}
	}
	return nil
}

// within are the columns of what is open where something begins at a column: what began further right is over.
func within(columns []int, column int) []int {
	for len(columns) > 0 && columns[len(columns)-1] >= column {
		columns = columns[:len(columns)-1]
	}
	return append(columns, column)
}

// deepAt is what is wrong at a token of a text that is too deep or too large to be parsed.
func deepAt(t *token.Token, text, hint string) *Wrong {
	return &Wrong{Line: t.Position.Line, Column: t.Position.Column, Text: text, Hint: hint}
}

// PlainYAML is an error of the YAML library without the picture of the text that it prints.
func PlainYAML(err error) error {
	var at yaml.Error
	if errors.As(err, &at) && at.GetToken() != nil {
		pos := at.GetToken().Position
		return fmt.Errorf("line %d, column %d: %s", pos.Line, pos.Column, at.GetMessage())
	}
	return err
}

// Pairs are the keys and values of a node that has some.
func Pairs(node ast.Node) ([]*ast.MappingValueNode, bool) {
	switch n := node.(type) {
	case *ast.MappingNode:
		return n.Values, true
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{n}, true
	}
	return nil, false
}

// AsWrong is the *Wrong in an error, if there is one.
func AsWrong(err error) (*Wrong, bool) {
	var w *Wrong
	return w, errors.As(err, &w)
}
