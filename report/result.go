package report

import (
	"io"
	"time"

	"github.com/hangtime-dev/hangtime/verdict"
)

// ResultVersion grows when a reader of an older result.json would misread a newer one.
const ResultVersion = 2

// A Result is result.json: the verdict and the incidents, for programs. Keys that end in _seconds are seconds on the
// run's clock; a figure and a check carry their unit.
type Result struct {
	Version     int             `json:"version"`
	Tool        string          `json:"tool"`
	Scenario    string          `json:"scenario"`
	Title       string          `json:"title,omitempty"`
	Seed        uint64          `json:"seed"`
	Host        string          `json:"host"`
	Kernel      string          `json:"kernel"`
	Cores       int             `json:"cores"`
	Started     time.Time       `json:"started"`
	Interrupted string          `json:"interrupted,omitempty"`
	Outcome     verdict.Outcome `json:"outcome"`
	Sentence    string          `json:"sentence"`
	Why         []string        `json:"why,omitempty"`
	Troubles    []string        `json:"troubles,omitempty"`
	Variants    []ResultVariant `json:"variants"`
}

// A ResultVariant is one variant of a Result.
type ResultVariant struct {
	Name      string            `json:"name"`
	Expect    string            `json:"expect"`
	Outcome   verdict.Outcome   `json:"outcome"`
	Reason    string            `json:"reason,omitempty"`
	Checks    []verdict.Check   `json:"checks"`
	Figures   []verdict.Figure  `json:"figures"`
	Status    map[string]uint64 `json:"status,omitempty"`
	Errors    map[string]uint64 `json:"errors,omitempty"`
	Incidents []Incident        `json:"incidents"`
	Notices   []ResultNotice    `json:"notices,omitempty"`
}

// A ResultNotice is what harmed the server and is no hang of a worker.
type ResultNotice struct {
	Cause Cause   `json:"cause"`
	From  float64 `json:"from_seconds"`
	To    float64 `json:"to_seconds"`
}

// Result is the report for programs.
func (r *Report) Result() Result {
	out := Result{
		Version: ResultVersion, Tool: r.Header.Tool, Scenario: r.Header.Scenario, Title: r.Title, Seed: r.Header.Seed,
		Host: r.Header.Host, Kernel: r.Header.Kernel, Cores: r.Header.Cores, Started: r.Header.Started,
		Interrupted: r.Interrupted,
		Outcome:     r.Verdict.Outcome, Sentence: r.Verdict.Sentence, Why: r.Verdict.Why, Troubles: r.Troubles,
		Variants: []ResultVariant{},
	}
	for i := range r.Variants {
		v := &r.Variants[i]
		one := ResultVariant{
			Name: v.Name, Expect: v.Expect, Outcome: v.Verdict.Outcome, Reason: v.Reason, Checks: v.Verdict.Checks,
			Figures: v.Verdict.Figures,
			Status:  v.Load.Status, Errors: v.Load.Errors, Incidents: []Incident{},
		}
		for _, in := range v.Incidents {
			one.Incidents = append(one.Incidents, NewIncident(in, r.endOf(v), r.Header.Started))
		}
		for _, n := range v.Notices {
			one.Notices = append(one.Notices, ResultNotice{newCause(n.Cause), n.From.Seconds(), n.To.Seconds()})
		}
		out.Variants = append(out.Variants, one)
	}
	return out
}

// JSON writes the Result, indented.
func (r *Report) JSON(out io.Writer) error { return writeJSON(out, r.Result()) }
