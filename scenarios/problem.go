package scenarios

import (
	"errors"
	"fmt"
	"strings"
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
