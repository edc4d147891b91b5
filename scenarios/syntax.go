package scenarios

import (
	"errors"
	"strings"

	"github.com/goccy/go-yaml"

	"github.com/hangtime-dev/hangtime/input"
)

// syntaxHints are what would be right where the YAML library says what is wrong: the first whose words its message
// has. Its words are those of a parser, and people write YAML by example.
var syntaxHints = []struct{ has, hint string }{
	{"cannot start any token", "indent with spaces, not with tabs"},
	{"mapping value is not allowed", `keys of one level want the same indentation, and a text with ": " in it wants quotes, such as 'http_req_duration: p(95)<500'`},
	{"value is not allowed", "keys of one level want the same indentation"},
	{"non-map value", "keys of one level want the same indentation"},
	{"must be specified", "want a comma between items, and a closing bracket for each that was opened; a text with brackets in it wants quotes"},
	{"could not find flow", "want a closing bracket for each that was opened"},
	{"could not find end character", "want a closing quotation mark"},
	{"reserved character", "a text that begins with it wants quotes"},
	{"unexpected key name", "want KEY: VALUE, with a colon and a space"},
	{"already defined", "want each key once"},
}

// syntaxProblem turns an error of the YAML library into a Problem with its place.
func syntaxProblem(file string, err error) error {
	if w, ok := input.AsWrong(err); ok {
		return &Problem{File: file, Line: w.Line, Column: w.Column, Text: w.Text, Hint: w.Hint}
	}
	var at yaml.Error
	if !errors.As(err, &at) || at.GetToken() == nil {
		return &Problem{File: file, Text: strings.TrimSpace(err.Error())}
	}
	pos := at.GetToken().Position
	p := &Problem{File: file, Line: pos.Line, Column: pos.Column, Text: strings.ReplaceAll(at.GetMessage(), "'\t'", "tab")}
	for _, h := range syntaxHints {
		if strings.Contains(p.Text, h.has) {
			p.Hint = h.hint
			break
		}
	}
	return p
}
