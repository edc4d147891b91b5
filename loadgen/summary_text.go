package loadgen

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/words"
)

// WriteText writes what the attack came to, for a person; hits were due for length.
func (a *Attack) WriteText(out io.Writer, length time.Duration, s Summary) error {
	w := &strings.Builder{}
	engine, reason := a.Engine()
	if reason != "" {
		engine += ", because " + reason
	}
	fmt.Fprintf(w, "\n%s for %s on the %s engine\n\n", a.Pattern(), words.Duration(length), engine)
	fmt.Fprintf(w, "requests    %d due, %d ok, %d failed%s\n", s.Due, s.OK, s.Failed, tally(s.Errors))
	fmt.Fprintf(w, "            %d left late, %d never left, %d without an answer at the end\n", s.Late, s.Dropped,
		s.Errors["unanswered"])
	fmt.Fprintf(w, "throughput  %.1f ok/s, %s received\n", float64(s.OK)/max(s.Elapsed.Seconds(), 1e-9),
		words.Size(s.BytesIn))
	if len(s.Status) > 0 {
		fmt.Fprintf(w, "status      %s\n", strings.TrimPrefix(tally(s.Status), ": "))
	}
	fmt.Fprintln(w)
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(table, "times\tp50\tp90\tp99\tp99.9\tmax\t\n")
	for _, row := range timesRows(s) {
		if row.of.Count == 0 {
			continue
		}
		q := row.of
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t  %s\n", row.name, words.Duration(q.P50), words.Duration(q.P90),
			words.Duration(q.P99), words.Duration(q.P999), words.Duration(q.Max), row.says)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if s.Tasks.Accepted > 0 {
		t := s.Tasks
		fmt.Fprintf(w, "\ntasks       %d accepted = %d done + %d failed + %d timed out + %d lost", t.Accepted, t.Done,
			t.Failed, t.TimedOut, t.Lost)
		if t.DeadLettered > 0 {
			fmt.Fprintf(w, " + %d dead-lettered", t.DeadLettered)
		}
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

// timesRows are the times of an attack, each with what it counts.
func timesRows(s Summary) []timesRow {
	return []timesRow{
		{"response", "from due to the last byte: what a user waits", s.Response},
		{"wait", "from due to sent", s.Wait},
		{"connect", "of new connections", s.Connect},
		{"first byte", "from sent to the first byte of the answer", s.First},
		{"body", "from the first byte to the last", s.Body},
		{"service", "from sent to the last byte: what most tools show", s.Service},
	}
}

type timesRow struct {
	name, says string
	of         Spread
}

// Unanswered is the error of an attack to which nobody answered a word: then no time that was measured says anything of
// a server.
func (a *Attack) Unanswered(s Summary) error {
	if s.Due == 0 || len(s.Status) > 0 || s.Errors[history.ErrMalformed] > 0 {
		return nil
	}
	return fmt.Errorf("%s answered none of %d requests%s; want a server that answers there", a.URL(), s.Due, tally(s.Errors))
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
