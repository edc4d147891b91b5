package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/hangtime-dev/hangtime/verdict"
	"github.com/hangtime-dev/hangtime/words"
)

// Markdown writes the verdict as GitHub shows it in a job's summary.
func (r *Report) Markdown(out io.Writer) error {
	w := &strings.Builder{}
	sign := map[verdict.Outcome]string{verdict.Pass: "✅", verdict.Fail: "❌", verdict.Unknown: "❔"}
	fmt.Fprintf(w, "## %s hangtime %s: %s\n\n%s\n\n", sign[r.Verdict.Outcome], cell(r.Header.Scenario),
		cell(string(r.Verdict.Outcome)), cell(r.Verdict.Sentence))
	for _, why := range r.Verdict.Why {
		fmt.Fprintf(w, "- %s\n", cell(why))
	}
	fmt.Fprint(w, "\n| figure |")
	for _, v := range r.Variants {
		fmt.Fprintf(w, " %s (expect %s) %s |", cell(v.Name), cell(v.Expect), sign[v.Verdict.Outcome])
	}
	fmt.Fprint(w, "\n| --- |", strings.Repeat(" --: |", len(r.Variants)), "\n")
	for _, line := range summaryRows {
		fmt.Fprintf(w, "| %s |", line.title)
		for _, v := range r.Variants {
			fmt.Fprintf(w, " %s |", cell(figureTexts(v.Verdict, line.names)))
		}
		fmt.Fprintln(w)
	}
	fmt.Fprint(w, "\n| check | variant | outcome | got |\n| --- | --- | --- | --- |\n")
	for _, v := range r.Variants {
		for _, c := range v.Verdict.Checks {
			fmt.Fprintf(w, "| `%s` | %s | %s %s | %s |\n", cell(c.Name), cell(v.Name), sign[c.Outcome],
				cell(string(c.Outcome)), cell(c.Got))
		}
	}
	for _, v := range r.Verdict.Variants {
		for _, note := range v.Notes {
			fmt.Fprintf(w, "\n> %s: %s\n", cell(v.Name), cell(note))
		}
	}
	for i := range r.Variants {
		for _, in := range r.Variants[i].Incidents {
			fmt.Fprintf(w, "\n**%s, %s #%d** at %s: %s\n\n%s\n", cell(r.Variants[i].Name), cell(in.Kind), in.ID,
				words.Moment(in.Began), cell(in.Cause.Sentence),
				cell(strings.Join(victims(in, r.endOf(&r.Variants[i])), "; ")))
			if price := in.Cost.Price(); len(price) > 0 {
				fmt.Fprintf(w, "\nCost: %s.\n", cell(strings.Join(price, "; ")))
			}
			if in.Cause.Remedy != "" {
				fmt.Fprintf(w, "\nCure: %s.\n", cell(in.Cause.Remedy))
			}
		}
		for _, n := range r.Variants[i].Notices {
			fmt.Fprintf(w, "\n**%s, noticed** from %s to %s: %s\n\nCure: %s.\n", cell(r.Variants[i].Name),
				words.Moment(n.From), words.Moment(n.To), cell(n.Cause.Sentence), cell(n.Cause.Remedy))
		}
	}
	fmt.Fprintf(w, "\nseed %d, %d cores, Linux %s, hangtime %s\n", r.Header.Seed, r.Header.Cores, cell(r.Header.Kernel),
		cell(r.Header.Tool))
	_, err := io.WriteString(out, w.String())
	return err
}

// cell keeps a text that others wrote inside its line, and inside its cell of a table.
func cell(text string) string {
	return strings.NewReplacer("|", "\\|", "<", "&lt;").Replace(words.Printable(text))
}
