package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"text/tabwriter"
	"time"

	"github.com/hangtime-dev/hangtime/loadgen"
	"github.com/hangtime-dev/hangtime/run"
	"github.com/hangtime-dev/hangtime/words"
)

// loadLines print one line a second while an attack goes on.
type loadLines struct {
	out   io.Writer
	alone *run.Alone
	over  chan struct{}
	done  sync.WaitGroup
	last  loadgen.Summary
}

func newLoadLines(out io.Writer, alone *run.Alone) *loadLines {
	l := &loadLines{out: out, alone: alone, over: make(chan struct{})}
	engine, reason := alone.Attack().Engine()
	if reason != "" {
		engine += " (" + reason + ")"
	}
	fmt.Fprintf(out, "%s for %v, engine %s\n", alone.Attack().Pattern(), alone.Length().Round(time.Millisecond), engine)
	l.done.Go(l.run)
	return l
}

func (l *loadLines) run() {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			l.line()
		case <-l.over:
			return
		}
	}
}

func (l *loadLines) line() {
	now := l.alone.Attack().Summary()
	span := (now.Elapsed - l.last.Elapsed).Seconds()
	if span <= 0 {
		return
	}
	rate := func(n uint64) string { return words.Rate(float64(n) / span) }
	fmt.Fprintf(l.out, "%4.0f s  due %s  ok %s  failed %s  in flight %d  p50 %s  p99 %s  max %s\n", now.Elapsed.Seconds(), rate(now.Due-l.last.Due), rate(now.OK-l.last.OK),
		rate(now.Failed-l.last.Failed), now.InFlight, words.Duration(now.Response.P50), words.Duration(now.Response.P99), words.Duration(now.Response.Max))
	l.last = now
}

// stop ends the lines and waits for the last.
func (l *loadLines) stop() {
	close(l.over)
	l.done.Wait()
}

// writeLoadText writes what an attack came to, for a person.
func writeLoadText(out io.Writer, alone *run.Alone, s loadgen.Summary) error {
	w := &strings.Builder{}
	engine, reason := alone.Attack().Engine()
	if reason != "" {
		engine += ", because " + reason
	}
	fmt.Fprintf(w, "\n%s for %s on the %s engine\n\n", alone.Attack().Pattern(), words.Duration(alone.Length()), engine)
	fmt.Fprintf(w, "requests    %d due, %d ok, %d failed%s\n", s.Due, s.OK, s.Failed, tally(s.Errors))
	fmt.Fprintf(w, "            %d left late, %d never left, %d without an answer at the end\n", s.Late, s.Dropped, s.Errors["unanswered"])
	fmt.Fprintf(w, "throughput  %.1f ok/s, %s received\n", float64(s.OK)/max(s.Elapsed.Seconds(), 1e-9), words.Size(s.BytesIn))
	if len(s.Status) > 0 {
		fmt.Fprintf(w, "status      %s\n", strings.TrimPrefix(tally(s.Status), ": "))
	}
	fmt.Fprintln(w)
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(table, "times\tp50\tp90\tp99\tp99.9\tmax\t\n")
	for _, row := range loadRows(s) {
		if row.of.Count == 0 {
			continue
		}
		q := row.of
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t  %s\n", row.name, words.Duration(q.P50), words.Duration(q.P90), words.Duration(q.P99), words.Duration(q.P999), words.Duration(q.Max), row.says)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if s.Tasks.Accepted > 0 {
		t := s.Tasks
		fmt.Fprintf(w, "\ntasks       %d accepted = %d done + %d failed + %d timed out + %d lost", t.Accepted, t.Done, t.Failed, t.TimedOut, t.Lost)
		if t.Unfollowed > 0 {
			fmt.Fprintf(w, " (of the failed, %d could not be asked about any more)", t.Unfollowed)
		}
		fmt.Fprintln(w)
	}
	fmt.Fprintf(w, "\ngenerator   %.1f %% of a processor", 100*s.CPU.Seconds()/max(s.Elapsed.Seconds(), 1e-9))
	if s.Sent > 0 {
		fmt.Fprintf(w, ", %.1f s for a million hits", s.CPU.Seconds()/float64(s.Sent)*1e6)
	}
	fmt.Fprintf(w, "; at most %d in flight\n", s.MostInFlight)
	if s.Waited > 0 {
		fmt.Fprintf(w, "            for %s hits waited because every sender was busy: their wait is in their response time\n", words.Duration(s.Waited))
	}
	if s.Bound != "" {
		fmt.Fprintf(w, "NOTE        %s\n", s.Bound)
	}
	_, err := io.WriteString(out, w.String())
	return err
}

// loadRows are the times of an attack, each with what it counts.
func loadRows(s loadgen.Summary) []loadRow {
	return []loadRow{
		{"response", "from due to the last byte: what a user waits", s.Response},
		{"wait", "from due to sent", s.Wait},
		{"connect", "of new connections", s.Connect},
		{"first byte", "from sent to the first byte of the answer", s.First},
		{"body", "from the first byte to the last", s.Body},
		{"service", "from sent to the last byte: what most tools show", s.Service},
	}
}

type loadRow struct {
	name, says string
	of         loadgen.Spread
}

// tally writes ": timeout 3, reset 1", most first; empty for none.
func tally(classes map[string]uint64) string {
	names := slices.SortedFunc(maps.Keys(classes), func(a, b string) int {
		if classes[a] != classes[b] {
			return int(int64(classes[b]) - int64(classes[a]))
		}
		return strings.Compare(a, b)
	})
	for i, name := range names {
		names[i] = fmt.Sprintf("%s %d", name, classes[name])
	}
	if len(names) == 0 {
		return ""
	}
	return ": " + strings.Join(names, ", ")
}

// loadJSON is what --json writes: times are milliseconds.
type loadJSON struct {
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
	Times      map[string]loadTimes `json:"times"` // milliseconds
	CPUSeconds float64              `json:"generator_cpu_seconds"`
	Waited     float64              `json:"seconds_with_all_senders_busy"`
	Bound      string               `json:"generator_bound,omitempty"`
	Tasks      *loadTasks           `json:"tasks,omitempty"`
}

type loadTimes struct {
	Count uint64  `json:"count"`
	P50   float64 `json:"p50"`
	P90   float64 `json:"p90"`
	P99   float64 `json:"p99"`
	P999  float64 `json:"p99.9"`
	Max   float64 `json:"max"`
}

type loadTasks struct {
	Accepted uint64 `json:"accepted"`
	Done     uint64 `json:"done"`
	Failed   uint64 `json:"failed"`
	TimedOut uint64 `json:"timed_out"`
	Lost     uint64 `json:"lost"`
}

func writeLoadJSON(out io.Writer, alone *run.Alone, s loadgen.Summary) error {
	engine, reason := alone.Attack().Engine()
	j := loadJSON{
		URL: alone.Attack().URL(), Pattern: alone.Attack().Pattern(), Engine: engine, Reason: reason, Seconds: s.Elapsed.Seconds(),
		Due: s.Due, Sent: s.Sent, OK: s.OK, Failed: s.Failed, Late: s.Late, Dropped: s.Dropped, Status: s.Status, Errors: s.Errors,
		BytesIn: s.BytesIn, BytesOut: s.BytesOut, Times: map[string]loadTimes{}, CPUSeconds: s.CPU.Seconds(), Waited: s.Waited.Seconds(), Bound: s.Bound,
	}
	ms := func(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
	for _, row := range loadRows(s) {
		q := row.of
		j.Times[strings.ReplaceAll(row.name, " ", "_")] = loadTimes{q.Count, ms(q.P50), ms(q.P90), ms(q.P99), ms(q.P999), ms(q.Max)}
	}
	if t := s.Tasks; t.Accepted > 0 {
		j.Tasks = &loadTasks{t.Accepted, t.Done, t.Failed, t.TimedOut, t.Lost}
	}
	text, err := json.MarshalIndent(j, "", "  ")
	if err != nil {
		return err
	}
	_, err = out.Write(append(text, '\n'))
	return err
}
