package loadgen

import (
	"encoding/json"
	"io"
	"strings"
	"time"
)

// summaryJSON is what `hangtime load --json` writes: times are milliseconds.
type summaryJSON struct {
	URL        string               `json:"url"`
	Pattern    string               `json:"pattern"`
	Engine     string               `json:"engine"`
	Reason     string               `json:"reason,omitempty"`
	Seconds    float64              `json:"seconds"`
	Due        uint64               `json:"due"`
	Sent       uint64               `json:"sent"`
	OK         uint64               `json:"ok"`
	Failed     uint64               `json:"failed"`
	Late       uint64               `json:"late"`
	Dropped    uint64               `json:"dropped"`
	Status     map[string]uint64    `json:"status"`
	Errors     map[string]uint64    `json:"errors"`
	BytesIn    uint64               `json:"bytes_in"`
	BytesOut   uint64               `json:"bytes_out"`
	Times      map[string]timesJSON `json:"times"` // milliseconds
	CPUSeconds float64              `json:"generator_cpu_seconds"`
	Waited     float64              `json:"seconds_with_all_senders_busy"`
	Bound      string               `json:"generator_bound,omitempty"`
	Tasks      *tasksJSON           `json:"tasks,omitempty"`
}

type timesJSON struct {
	Count uint64  `json:"count"`
	P50   float64 `json:"p50"`
	P90   float64 `json:"p90"`
	P99   float64 `json:"p99"`
	P999  float64 `json:"p99.9"`
	Max   float64 `json:"max"`
}

type tasksJSON struct {
	Accepted uint64 `json:"accepted"`
	Done     uint64 `json:"done"`
	Failed   uint64 `json:"failed"`
	TimedOut uint64 `json:"timed_out"`
	Lost     uint64 `json:"lost"`

	DeadLettered uint64 `json:"dead_lettered"`
}

// WriteJSON writes what the attack came to, for a program.
func (a *Attack) WriteJSON(out io.Writer, s Summary) error {
	engine, reason := a.Engine()
	j := summaryJSON{
		URL: a.URL(), Pattern: a.Pattern(), Engine: engine, Reason: reason, Seconds: s.Elapsed.Seconds(),
		Due: s.Due, Sent: s.Sent, OK: s.OK, Failed: s.Failed, Late: s.Late, Dropped: s.Dropped, Status: s.Status,
		Errors:  s.Errors,
		BytesIn: s.BytesIn, BytesOut: s.BytesOut, Times: map[string]timesJSON{}, CPUSeconds: s.CPU.Seconds(),
		Waited: s.Waited.Seconds(), Bound: s.Bound,
	}
	ms := func(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
	for _, row := range timesRows(s) {
		q := row.of
		j.Times[strings.ReplaceAll(row.name, " ", "_")] = timesJSON{q.Count, ms(q.P50), ms(q.P90), ms(q.P99),
			ms(q.P999), ms(q.Max)}
	}
	if t := s.Tasks; t.Accepted > 0 {
		j.Tasks = &tasksJSON{t.Accepted, t.Done, t.Failed, t.TimedOut, t.Lost, t.DeadLettered}
	}
	text, err := json.MarshalIndent(j, "", "  ")
	if err != nil {
		return err
	}
	_, err = out.Write(append(text, '\n'))
	return err
}
