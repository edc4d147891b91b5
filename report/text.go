package report

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"

	"github.com/hangtime-dev/hangtime/diagnose"
	"github.com/hangtime-dev/hangtime/metrics"
	"github.com/hangtime-dev/hangtime/verdict"
	"github.com/hangtime-dev/hangtime/words"
)

// The text fits a terminal of 80 columns and a CI's log: long cells are wrapped, and more variants than fit beside
// each other stand below each other.
const (
	textWidth  = 80
	titleWidth = 26
	cellWidth  = 26 // the least in which a row of three figures can be read
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

// summaryRows are the lines of a summary, each of several figures.
var summaryRows = []struct{ title, names string }{
	{"found / recovered after", "detection recovery"},
	{"longest stall", "longest_stall"},
	{"workers died / missing", "deaths missing"},
	{"replaced within", "replacement"},
	{"response p50 / p99 / max", "p50 p99 max"},
	{"p99 before/during/after", "p99_before p99_during p99_after"},
	{"ok / failed / unanswered", "ok failed unanswered"},
	{"tasks taken / done / lost", "tasks_accepted tasks_done tasks_lost"},
	{"failed / stuck / twice", "tasks_failed tasks_stuck tasks_done_twice"},
}

// Text writes the verdict for a person: what happened in each variant, side by side, then the outcome and why.
func (r *Report) Text(out io.Writer) error {
	w := &strings.Builder{}
	fmt.Fprintln(w)
	beside := max((textWidth-titleWidth)/cellWidth, 1)
	for from := 0; from < len(r.Variants); from += beside {
		if from > 0 {
			fmt.Fprintln(w)
		}
		r.table(w, r.Variants[from:min(from+beside, len(r.Variants))])
	}
	r.incidents(w)
	r.checks(w)
	fmt.Fprintln(w)
	hanging(w, fmt.Sprintf("%-7s  ", strings.ToUpper(string(r.Verdict.Outcome))), r.Verdict.Sentence)
	for _, why := range r.Verdict.Why {
		hanging(w, "         ", why)
	}
	for _, v := range r.Verdict.Variants {
		for _, note := range v.Notes {
			hanging(w, "note     ", v.Name+": "+note)
		}
	}
	if r.Interrupted != "" {
		hanging(w, "         ", "interrupted by "+r.Interrupted+": this is what was known by then")
	}
	if r.Over && r.Header.Seed != 0 {
		fmt.Fprintf(w, "         the same random choices again: --seed %d\n", r.Header.Seed)
	}
	_, err := io.WriteString(out, w.String())
	return err
}

// table sets variants side by side.
func (r *Report) table(w io.Writer, variants []Variant) {
	width := (textWidth - titleWidth) / max(len(variants), 2)
	row := func(title string, cell func(*Variant) string) {
		cells, empty := make([]string, len(variants)), true
		for i := range variants {
			cells[i] = cell(&variants[i])
			empty = empty && strings.Trim(cells[i], "-/ ") == ""
		}
		if !empty {
			line(w, title, cells, width)
		}
	}
	row(r.Header.Scenario, func(v *Variant) string { return v.Name })
	row("expected", func(v *Variant) string { return v.Expect })
	row("behaved so", func(v *Variant) string { return yes(v.Verdict.Checks) })
	row("incidents", func(v *Variant) string { return got(v.Verdict.Checks) })
	for _, one := range summaryRows {
		row(one.title, func(v *Variant) string { return figureTexts(v.Verdict, one.names) })
	}
}

// line writes one row of a table; a cell that is too long goes on below itself.
func line(w io.Writer, title string, cells []string, width int) {
	wrapped, most := make([][]string, len(cells)), 1
	title = words.Printable(title)
	for i, c := range cells {
		wrapped[i] = wrapWords(words.Printable(c), width-2)
		most = max(most, len(wrapped[i]))
	}
	if ansi.StringWidth(title) > titleWidth-1 {
		title = ansi.Truncate(title, titleWidth-1, "…")
	}
	for n := range most {
		text := pad(title, titleWidth)
		for _, c := range wrapped {
			part := ""
			if n < len(c) {
				part = c[n]
			}
			text += pad(part, width)
		}
		fmt.Fprintln(w, strings.TrimRight(text, " "))
		title = ""
	}
}

func pad(text string, width int) string {
	return text + strings.Repeat(" ", max(width-ansi.StringWidth(text), 0))
}

// hanging writes a text behind its head; further lines begin below the text's first. A word that is longer than a
// line, such as a path, is not cut.
func hanging(w io.Writer, head, text string) {
	head = words.Printable(head)
	indent := ansi.StringWidth(head)
	for _, part := range wrapWords(words.Printable(text), textWidth-indent) {
		fmt.Fprintln(w, strings.TrimRight(head+part, " "))
		head = strings.Repeat(" ", indent)
	}
}

// wrapWords breaks a text at its spaces only: a name such as file-lock or a path stays whole.
func wrapWords(text string, width int) []string {
	var lines []string
	current := ""
	for word := range strings.FieldsSeq(text) {
		switch {
		case current == "":
			current = word
		case ansi.StringWidth(current)+1+ansi.StringWidth(word) <= width:
			current += " " + word
		default:
			lines = append(lines, current)
			current = word
		}
	}
	return append(lines, current)
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

// incidents writes one paragraph for each incident: who, since when, why, what it cost; and one for each notice.
func (r *Report) incidents(w io.Writer) {
	for i := range r.Variants {
		v := &r.Variants[i]
		end := r.endOf(v)
		for _, in := range v.Incidents {
			fmt.Fprintln(w)
			hanging(w, "", fmt.Sprintf("%s: %s #%d, %s, %s", v.Name, strings.ToUpper(in.Kind), in.ID,
				words.Count(in.Places(), "worker"), incidentSpan(in, end)))
			hanging(w, "  why    ", in.Cause.Sentence+sureness(in.Cause))
			for j, who := range victims(in, end) {
				hanging(w, []string{"  who    ", "         "}[min(j, 1)], who)
			}
			if price := in.Cost.Price(); len(price) > 0 {
				hanging(w, "  cost   ", strings.Join(price, "; "))
			}
			if in.Cause.Remedy != "" {
				hanging(w, "  cure   ", in.Cause.Remedy)
			}
		}
		for _, n := range v.Notices {
			fmt.Fprintln(w)
			hanging(w, "", fmt.Sprintf("%s: noticed from %s to %s: %s", v.Name, words.Moment(n.From),
				words.Moment(n.To), n.Cause.Kind))
			hanging(w, "  why    ", n.Cause.Sentence+sureness(n.Cause))
			hanging(w, "  cure   ", n.Cause.Remedy)
		}
	}
}

// sureness says how sure a cause is where it is less than proven.
func sureness(c diagnose.Cause) string {
	if c.Confidence == diagnose.Proven || c.Confidence == "" || c.Kind == diagnose.CauseUnknown {
		return ""
	}
	return " (" + string(c.Confidence) + ")"
}

// incidentSpan says when an incident was, and for how long.
func incidentSpan(in diagnose.Incident, end time.Duration) string {
	if in.Kind != diagnose.KindHang {
		return "at " + words.Moment(in.Began)
	}
	text := fmt.Sprintf("%s from %s", words.Duration(in.Longest(end)), words.Moment(in.Began))
	if in.Ended < 0 {
		return text + ", not over"
	}
	return text
}

// victims says who was hit, those with the same end together.
func victims(in diagnose.Incident, end time.Duration) []string {
	const most = 8 // named; a crowd is counted
	type group struct {
		names []string
		more  int
		worst time.Duration
	}
	groups, order := map[string]*group{}, []string{}
	for _, v := range in.Victims {
		to, how := v.To, v.End
		if to < 0 {
			to, how = end, "still standing at the end"
		}
		if in.Kind != diagnose.KindHang {
			how = ""
		}
		g := groups[how]
		if g == nil {
			g = &group{}
			groups[how], order = g, append(order, how)
		}
		g.worst = max(g.worst, to-v.From)
		if len(g.names) >= most {
			g.more++
			continue
		}
		g.names = append(g.names, fmt.Sprintf("%d (pid %d)", v.Place, v.PID))
	}
	var all []string
	for _, how := range order {
		g := groups[how]
		text := "worker "
		if len(g.names) > 1 {
			text = "workers "
		}
		text += strings.Join(g.names, ", ")
		if g.more > 0 {
			text += fmt.Sprintf(" and %d more", g.more)
		}
		if in.Kind == diagnose.KindHang {
			text += fmt.Sprintf(": stood still for up to %s, %s", words.Seconds(g.worst), how)
			if len(g.names) == 1 {
				text = strings.Replace(text, "up to ", "", 1)
			}
		}
		all = append(all, text)
	}
	return all
}

// checks lists what was judged beside the expectation.
func (r *Report) checks(w io.Writer) {
	first := true
	for _, v := range r.Verdict.Variants {
		for j, c := range v.Checks {
			if j == 0 {
				continue
			}
			if first {
				fmt.Fprintln(w)
				first = false
			}
			text := v.Name + ": " + c.Name
			if c.Want != "" {
				text += " (" + c.Want + ")"
			}
			if c.Outcome != verdict.Pass {
				text += ": " + c.Got
			}
			hanging(w, fmt.Sprintf("%-7s  ", c.Outcome), text)
		}
	}
}
