package report

import (
	"io"
	"time"

	"github.com/hangtime-dev/hangtime/diagnose"
	"github.com/hangtime-dev/hangtime/verdict"
)

// ResultVersion grows when a reader of an older result.json would misread a newer one.
const ResultVersion = 1

// A Result is result.json: the verdict and the incidents, for programs. All times are milliseconds on the run's clock.
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
	Incidents []ResultIncident  `json:"incidents"`
	Notices   []ResultNotice    `json:"notices,omitempty"`
}

// A ResultIncident is one incident of a Result.
type ResultIncident struct {
	ID          int            `json:"id"`
	Kind        string         `json:"kind"`
	Cause       string         `json:"cause"`
	Confidence  string         `json:"confidence"`
	Sentence    string         `json:"sentence"`
	Remedy      string         `json:"remedy,omitempty"`
	Path        string         `json:"path,omitempty"`
	Inode       uint64         `json:"inode,omitempty"`
	Holders     []ResultHolder `json:"holders,omitempty"`
	Fault       string         `json:"fault,omitempty"`
	BeganMS     float64        `json:"began_ms"`
	DetectedMS  float64        `json:"detected_ms"`
	EndedMS     *float64       `json:"ended_ms,omitempty"`
	RecoveredMS *float64       `json:"recovered_ms,omitempty"`
	LongestMS   float64        `json:"longest_stall_ms"`
	Victims     []ResultVictim `json:"victims"`
	Evidence    []uint64       `json:"evidence,omitempty"` // numbers of records in the recording
}

// A ResultNotice is what harmed the server and is no hang of a worker.
type ResultNotice struct {
	Cause      string   `json:"cause"`
	Confidence string   `json:"confidence"`
	Sentence   string   `json:"sentence"`
	Remedy     string   `json:"remedy"`
	FromMS     float64  `json:"from_ms"`
	ToMS       float64  `json:"to_ms"`
	Evidence   []uint64 `json:"evidence,omitempty"` // numbers of records in the recording
}

// A ResultHolder is a process that held what others waited for.
type ResultHolder struct {
	PID     int    `json:"pid"`
	Command string `json:"command,omitempty"`
}

// A ResultVictim is one worker's part in an incident.
type ResultVictim struct {
	Worker int      `json:"worker"`
	PID    int      `json:"pid"`
	FromMS float64  `json:"from_ms"`
	ToMS   *float64 `json:"to_ms,omitempty"`
	End    string   `json:"end,omitempty"`
}

// Result is the report for programs.
func (r *Report) Result() Result {
	out := Result{
		Version: ResultVersion, Tool: r.Header.Tool, Scenario: r.Header.Scenario, Title: r.Title, Seed: r.Header.Seed,
		Host: r.Header.Host, Kernel: r.Header.Kernel, Cores: r.Header.Cores, Started: r.Header.Started, Interrupted: r.Interrupted,
		Outcome: r.Verdict.Outcome, Sentence: r.Verdict.Sentence, Why: r.Verdict.Why, Troubles: r.Troubles, Variants: []ResultVariant{},
	}
	for i := range r.Variants {
		v := &r.Variants[i]
		one := ResultVariant{
			Name: v.Name, Expect: v.Expect, Outcome: v.Verdict.Outcome, Reason: v.Reason, Checks: v.Verdict.Checks, Figures: v.Verdict.Figures,
			Status: v.Load.Status, Errors: v.Load.Errors, Incidents: []ResultIncident{},
		}
		for _, in := range v.Incidents {
			one.Incidents = append(one.Incidents, resultIncident(in, r.endOf(v)))
		}
		for _, n := range v.Notices {
			one.Notices = append(one.Notices, ResultNotice{n.Cause.Kind, string(n.Cause.Confidence), n.Cause.Sentence, n.Cause.Remedy, ms(n.From), ms(n.To), n.Cause.Evidence})
		}
		out.Variants = append(out.Variants, one)
	}
	return out
}

func resultIncident(in diagnose.Incident, end time.Duration) ResultIncident {
	out := ResultIncident{
		ID: in.ID, Kind: in.Kind, Cause: in.Cause.Kind, Confidence: string(in.Cause.Confidence), Sentence: in.Cause.Sentence, Remedy: in.Cause.Remedy,
		Path: in.Cause.Path, Inode: in.Cause.Inode, Fault: in.Fault, BeganMS: ms(in.Began), DetectedMS: ms(in.Detected),
		EndedMS: msOrNone(in.Ended), RecoveredMS: msOrNone(in.Recovered), LongestMS: ms(in.Longest(end)), Evidence: in.Cause.Evidence,
	}
	for _, h := range in.Cause.Holders {
		out.Holders = append(out.Holders, ResultHolder{h.PID, h.Command})
	}
	for _, v := range in.Victims {
		out.Victims = append(out.Victims, ResultVictim{v.Place, v.PID, ms(v.From), msOrNone(v.To), v.End})
	}
	return out
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

func msOrNone(d time.Duration) *float64 {
	if d < 0 {
		return nil
	}
	v := ms(d)
	return &v
}

// JSON writes the Result, indented.
func (r *Report) JSON(out io.Writer) error { return writeJSON(out, r.Result()) }
