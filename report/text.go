package report

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/hangtime-dev/hangtime/diagnose"
	"github.com/hangtime-dev/hangtime/metrics"
	"github.com/hangtime-dev/hangtime/verdict"
)

// lastAnswered is the newest point of which a response time is known; -1: none.
func lastAnswered(points []metrics.Point) int {
	for i := len(points) - 1; i >= 0; i-- {
		if points[i].OK+points[i].Failed > 0 {
			return i
		}
	}
	return -1
}

// whole is a time in whole seconds that have passed.
func whole(d time.Duration) string { return fmt.Sprintf("%d s", d/time.Second) }

// short writes a duration with three digits that mean something.
func short(d time.Duration) string { return verdict.Duration(d) }

// summaryRows are the lines of a summary, each of several figures.
var summaryRows = []struct{ title, names string }{
	{"detected after / recovered after", "detection recovery"},
	{"longest stall", "longest_stall"},
	{"workers died / missing at the end", "deaths missing"},
	{"longest time to a replacement", "replacement"},
	{"response time p50 / p99 / max", "p50 p99 max"},
	{"p99 before / during / after", "p99_before p99_during p99_after"},
	{"requests ok / failed / unanswered", "ok failed unanswered"},
	{"tasks accepted / done / lost", "tasks_accepted tasks_done tasks_lost"},
}

// Text writes the verdict for a person: what happened in each variant, side by side, then the outcome and why.
func (r *Report) Text(out io.Writer) error {
	w := &strings.Builder{}
	table := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
	row := func(title string, cell func(*Variant) string) {
		fmt.Fprint(table, title)
		for i := range r.Variants {
			fmt.Fprint(table, "\t", cell(&r.Variants[i]))
		}
		fmt.Fprintln(table)
	}
	fmt.Fprintln(w)
	row(r.Header.Scenario, func(v *Variant) string { return v.Name + " (expect " + v.Expect + ")" })
	row("behaved as expected", func(v *Variant) string { return yes(v.Verdict.Checks) })
	row("incidents", func(v *Variant) string { return got(v.Verdict.Checks) })
	for _, line := range summaryRows {
		row(line.title, func(v *Variant) string { return figureTexts(v.Verdict, line.names) })
	}
	if err := table.Flush(); err != nil {
		return err
	}
	r.incidents(w)
	r.checks(w)
	fmt.Fprintf(w, "\n%s  %s\n", strings.ToUpper(string(r.Verdict.Outcome)), r.Verdict.Sentence)
	for _, why := range r.Verdict.Why {
		fmt.Fprintf(w, "  %s\n", why)
	}
	if r.Interrupted != "" {
		fmt.Fprintf(w, "  interrupted by %s: this is what was known by then\n", r.Interrupted)
	}
	_, err := io.WriteString(out, w.String())
	return err
}

func yes(checks []verdict.Check) string {
	if len(checks) == 0 {
		return "-"
	}
	return map[verdict.Outcome]string{verdict.Pass: "yes", verdict.Fail: "NO", verdict.Unknown: "unknown"}[checks[0].Outcome]
}

func got(checks []verdict.Check) string {
	if len(checks) == 0 {
		return "-"
	}
	return checks[0].Got
}

func figureTexts(v verdict.Variant, names string) string {
	var texts []string
	for name := range strings.FieldsSeq(names) {
		text := "-"
		for _, f := range v.Figures {
			if f.Name == name {
				text = f.Text
			}
		}
		texts = append(texts, text)
	}
	return strings.Join(texts, " / ")
}

// incidents writes one paragraph for each incident: who, since when, why, what it cost.
func (r *Report) incidents(w io.Writer) {
	for i := range r.Variants {
		v := &r.Variants[i]
		for _, in := range v.Incidents {
			fmt.Fprintf(w, "\n%s, %s #%d, at %s: %s\n", v.Name, in.Kind, in.ID, stamp(in.Began), in.Cause.Sentence)
			fmt.Fprintf(w, "  %s\n", victims(in, r.Now))
			if in.Cause.Remedy != "" {
				fmt.Fprintf(w, "  the guide: %s\n", in.Cause.Remedy)
			}
		}
	}
}

func victims(in diagnose.Incident, now time.Duration) string {
	var parts []string
	for _, v := range in.Victims {
		text := fmt.Sprintf("worker %d (pid %d)", v.Place, v.PID)
		if in.Kind == diagnose.KindHang {
			to := v.To
			if to < 0 {
				to = now
			}
			text += " stood still for " + stood(to-v.From)
			if v.End != "" {
				text += ", " + v.End
			}
		}
		parts = append(parts, text)
	}
	const most = 8
	if len(parts) > most {
		parts = append(parts[:most], fmt.Sprintf("and %d more", len(parts)-most))
	}
	return strings.Join(parts, "; ")
}

// checks lists what was judged beside the expectation.
func (r *Report) checks(w io.Writer) {
	for i, v := range r.Verdict.Variants {
		for j, c := range v.Checks {
			if j == 0 {
				if i == 0 {
					fmt.Fprintln(w)
				}
				continue
			}
			fmt.Fprintf(w, "  %-7s  %s: %s", c.Outcome, v.Name, c.Name)
			if c.Outcome != verdict.Pass {
				fmt.Fprintf(w, "  (%s)", c.Got)
			}
			if c.Want != "" {
				fmt.Fprintf(w, "  %s", c.Want)
			}
			fmt.Fprintln(w)
		}
	}
}
