package report

import (
	"fmt"
	"io"
	"strings"
)

// A Form is one in which a report can be had.
type Form struct {
	Word  string // for --format
	File  string // in the folder of a run; empty: it is not written there
	Write func(*Report, io.Writer) error
}

// Forms are all there are.
func Forms() []Form {
	return []Form{
		{"text", "", (*Report).Text},
		{"json", "result.json", (*Report).JSON},
		{"junit", "junit.xml", (*Report).JUnit},
		{"md", "summary.md", (*Report).Markdown},
		{"html", "report.html", (*Report).HTML},
		{"om", "metrics.om", (*Report).OpenMetrics},
	}
}

// FormNamed is the form with that word.
func FormNamed(word string) (Form, error) {
	var words []string
	for _, f := range Forms() {
		if f.Word == word {
			return f, nil
		}
		words = append(words, f.Word)
	}
	return Form{}, fmt.Errorf("%q: want one of %s", word, strings.Join(words, ", "))
}
