package verdict

import "fmt"

// An Outcome of a check, a variant or a run.
type Outcome string

// Fail beats Unknown beats Pass.
const (
	Pass    Outcome = "pass"
	Fail    Outcome = "fail"
	Unknown Outcome = "unknown"
)

// Worst of two outcomes.
func Worst(a, b Outcome) Outcome {
	switch {
	case a == Fail || b == Fail:
		return Fail
	case a == Unknown || b == Unknown:
		return Unknown
	}
	return Pass
}

// A Check is one judged sentence.
type Check struct {
	Name    string  `json:"name"`    // "behaved as expected", or the expression
	Want    string  `json:"want"`    // in words
	Got     string  `json:"got"`     // in words, with unit
	Outcome Outcome `json:"outcome"` //
	Why     string  `json:"why,omitempty"`
	Key     string  `json:"key,omitempty"` // where it stands in the scenario: "variants[0].checks[1]"
}

// A Variant is the judgement of one variant.
type Variant struct {
	Name    string   `json:"name"`
	Expect  string   `json:"expect"`
	Outcome Outcome  `json:"outcome"`
	Checks  []Check  `json:"checks"`
	Figures []Figure `json:"figures"`
	// In words: where the load generator was the limit, and what hangtime had to do in another way.
	Notes []string `json:"notes,omitempty"`
}

// A Figure is one number of the verdict; docs/metrics.md defines each.
type Figure struct {
	Name  string  `json:"name"` // as in check expressions
	Title string  `json:"title"`
	Text  string  `json:"text"`  // for people, with its unit
	Value float64 `json:"value"` // in Unit
	Unit  string  `json:"unit"`  // "ms", "share", "bytes", or empty for a count
	Known bool    `json:"known"` // false: it could not be measured, Value means nothing
	// AtLeast says that Value is a lower bound: the run ended before the end of what it measures.
	AtLeast bool `json:"at_least,omitempty"`
}

// A Verdict is the judgement of a whole run.
type Verdict struct {
	Outcome  Outcome   `json:"outcome"`
	Sentence string    `json:"sentence"` // what it comes to, in one line
	Why      []string  `json:"why,omitempty"`
	Variants []Variant `json:"variants"`
}

// Key says where the i-th check of a variant stands in its scenario; the first own of them are the scenario's, the
// rest the variant's.
func Key(i, own, variant int) string {
	if i < own {
		return fmt.Sprintf("checks[%d]", i)
	}
	return fmt.Sprintf("variants[%d].checks[%d]", variant, i-own)
}
