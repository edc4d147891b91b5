package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/hangtime-dev/hangtime/verdict"
	"github.com/hangtime-dev/hangtime/words"
)

// A Place finds where a key such as "variants[0].checks[1]" stands in the scenario's file; file is empty where it is
// not one that the reader has.
type Place func(key string) (file string, line, column int)

// Annotate writes what did not pass as workflow commands of GitHub Actions, which shows them beside the line of the
// scenario: https://docs.github.com/actions/reference/workflow-commands-for-github-actions. What failed is an error,
// what is unknown a warning.
func (r *Report) Annotate(out io.Writer, place Place) error {
	w := &strings.Builder{}
	for _, v := range r.Verdict.Variants {
		for _, c := range v.Checks {
			switch c.Outcome {
			case verdict.Fail:
				annotation(w, "error", place, c.Key, v.Name+": "+c.Name, fmt.Sprintf("wanted %s, got %s", wanted(c), c.Got))
			case verdict.Unknown:
				annotation(w, "warning", place, c.Key, v.Name+": "+c.Name, "unknown: "+c.Why)
			}
		}
	}
	if r.Verdict.Outcome != verdict.Pass && w.Len() == 0 {
		annotation(w, "error", place, "name", r.Header.Scenario, r.Verdict.Sentence+": "+strings.Join(r.Verdict.Why, "; "))
	}
	_, err := io.WriteString(out, w.String())
	return err
}

// wanted is what a check asks for: in words for the expectation, the expression for all others.
func wanted(c verdict.Check) string {
	if strings.HasSuffix(c.Key, ".expect") {
		return c.Want
	}
	if c.Want == "" {
		return c.Name
	}
	return c.Name + " (" + c.Want + ")"
}

func annotation(w io.Writer, level string, place Place, key, title, text string) {
	where := ""
	if file, line, column := place(key); file != "" {
		where = fmt.Sprintf("file=%s,line=%d,col=%d,", property(file), max(line, 1), max(column, 1))
	}
	fmt.Fprintf(w, "::%s %stitle=%s::%s\n", level, where, property("hangtime "+title), data(text))
}

// data and property escape as the runner's own toolkit does: a newline would end the command.
func data(s string) string {
	return strings.NewReplacer("%", "%25", "\n", "%0A").Replace(words.PrintableLines(s))
}

func property(s string) string {
	return strings.NewReplacer(":", "%3A", ",", "%2C").Replace(data(s))
}
