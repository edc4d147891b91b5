package scenarios

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// The functions that a check can call; all others of its names are figures.
const (
	Percentile = "p"            // p(99), p(99.9, during), p(95, after, "login"): response time
	ErrorRate  = "error_rate"   // error_rate(during): share of failed hits
	Achieved   = "achieved_in"  // achieved_in(during): hits answered ok in a phase over hits due in it
	IncidentOf = "incidents_of" // incidents_of("file-lock")
)

// A Measure is one number that a check asks for.
type Measure struct {
	Key      string  // as it is looked up: "p99", `p(99, during, "login")`
	Func     string  // one of the functions; empty: a figure, whose name Key is
	Quantile float64 // of Percentile, 0 to 100
	Phase    string  // "before", "during", "after"; empty: all
	Tag      string  // of a target; empty: all
	Cause    string  // of IncidentOf
}

// phases are the words by which a check names them.
func phases() []string { return []string{"before", "during", "after"} }

// call is the measure that a function with these arguments asks for. The arguments are numbers and texts.
func call(name string, arguments []any) (Measure, error) {
	m := Measure{Func: name}
	rest := arguments
	if name == Percentile {
		if len(rest) == 0 {
			return m, fmt.Errorf("which percentile? want p(99), or p(99, during)")
		}
		q, ok := rest[0].(float64)
		if !ok || q < 0 || q > 100 {
			return m, fmt.Errorf("%v is no percentile; want a number from 0 to 100, such as p(99)", rest[0])
		}
		m.Quantile, rest = q, rest[1:]
	}
	for _, one := range rest {
		text, ok := one.(string)
		switch {
		case !ok:
			return m, fmt.Errorf("%v has no meaning in %s(…)", one, name)
		case name == IncidentOf && !slices.Contains(Causes(), text):
			return m, fmt.Errorf("no cause is called %q; %s", text, unknownHint(text, Causes()))
		case name == IncidentOf && m.Cause == "":
			if wrong, ok := onlyNoticed(text); ok {
				return m, errors.New(wrong)
			}
			m.Cause = text
		case slices.Contains(phases(), text) && m.Phase != "":
			return m, fmt.Errorf("%s(…) is of one phase or of all; got %s and %s", name, m.Phase, text)
		case slices.Contains(phases(), text):
			m.Phase = text
		case name != Achieved && name != IncidentOf && m.Tag == "":
			m.Tag = text
		default:
			return m, fmt.Errorf("%q is one too many in %s(…)", text, name)
		}
	}
	switch {
	case name == IncidentOf && m.Cause == "":
		return m, fmt.Errorf(`of which cause? want incidents_of("file-lock")`)
	case name == Achieved && m.Phase == "":
		return m, fmt.Errorf("in which phase? want achieved_in(during); over the whole variant it is achieved")
	}
	m.Key = m.key()
	return m, nil
}

func (m Measure) key() string {
	var parts []string
	if m.Func == Percentile {
		parts = append(parts, strconv.FormatFloat(m.Quantile, 'f', -1, 64))
	}
	if m.Phase != "" {
		parts = append(parts, m.Phase)
	}
	for _, quoted := range []string{m.Tag, m.Cause} {
		if quoted != "" {
			parts = append(parts, strconv.Quote(quoted))
		}
	}
	return m.Func + "(" + strings.Join(parts, ", ") + ")"
}
