package verdict

import (
	"fmt"
	"strings"
)

// Sentence says in one line what a run came to, with the names of its variants.
func Sentence(v Verdict, guide string, over bool) string {
	switch {
	case !over:
		return "still running"
	case v.Outcome == Fail:
		return "not as the scenario says: " + failedChecks(v.Variants)
	case v.Outcome == Unknown:
		return "what was seen is not enough to judge"
	case guide != "":
		return passed(v.Variants) + " (guide: " + guide + ")"
	}
	return passed(v.Variants)
}

// failedChecks names the first thing that failed; Why has all of them.
func failedChecks(variants []Variant) string {
	for _, v := range variants {
		for i, c := range v.Checks {
			switch {
			case c.Outcome != Fail:
			case i == 0:
				return fmt.Sprintf("%s should have had %s and had %s", v.Name, c.Want, c.Got)
			default:
				return fmt.Sprintf("in %s, %s does not hold (%s)", v.Name, c.Name, c.Got)
			}
		}
	}
	return "see why below"
}

// passed says what the variants showed: that the cure holds, where one was sick and another healthy under the same
// load and fault.
func passed(variants []Variant) string {
	var sick, healthy, rest []string
	for _, v := range variants {
		switch v.Expect {
		case "healthy":
			healthy = append(healthy, v.Name)
		case "any":
			rest = append(rest, v.Name)
		default:
			sick = append(sick, v.Name+" had "+v.Got())
		}
	}
	switch {
	case len(sick) > 0 && len(healthy) > 0:
		return fmt.Sprintf("the cure holds: under the same load and fault %s, and %s stayed healthy", list(sick),
			list(healthy))
	case len(sick) > 0:
		return "as expected: " + list(sick)
	case len(healthy) > 0:
		return "as expected: " + list(healthy) + " stayed healthy"
	case len(rest) > 0:
		return "every check holds in " + list(rest)
	}
	return "as the scenario says"
}

// Got is what its world did, in words.
func (v Variant) Got() string {
	if len(v.Checks) == 0 {
		return "nothing judged"
	}
	return v.Checks[0].Got
}

// list writes "a, b and c".
func list(words []string) string {
	if n := len(words); n > 1 {
		return strings.Join(words[:n-1], ", ") + " and " + words[n-1]
	}
	return strings.Join(words, "")
}
