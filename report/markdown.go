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
	fmt.Fprintf(w, "## %s hangtime %s: %s\n\n%s\n\n", sign[r.Verdict.Outcome], tableCell(r.Header.Scenario),
		tableCell(string(r.Verdict.Outcome)), tableCell(r.Verdict.Sentence))
	for _, why := range r.Verdict.Why {
		fmt.Fprintf(w, "- %s\n", tableCell(why))
	}
	fmt.Fprint(w, "\n| figure |")
	for _, v := range r.Variants {
		fmt.Fprintf(w, " %s (expect %s) %s |", tableCell(v.Name), tableCell(v.Expect), sign[v.Verdict.Outcome])
	}
	fmt.Fprint(w, "\n| --- |", strings.Repeat(" --: |", len(r.Variants)), "\n")
	for _, line := range summaryRows {
		fmt.Fprintf(w, "| %s |", line.title)
		for _, v := range r.Variants {
			fmt.Fprintf(w, " %s |", tableCell(figureTexts(v.Verdict, line.names)))
		}
		fmt.Fprintln(w)
	}
	fmt.Fprint(w, "\n| check | variant | outcome | got |\n| --- | --- | --- | --- |\n")
	for _, v := range r.Variants {
		for _, c := range v.Verdict.Checks {
			fmt.Fprintf(w, "| %s | %s | %s %s | %s |\n", tableCode(c.Name), tableCell(v.Name), sign[c.Outcome],
				tableCell(string(c.Outcome)), tableCell(c.Got))
		}
	}
	for _, v := range r.Verdict.Variants {
		for _, note := range v.Notes {
			fmt.Fprintf(w, "\n> %s: %s\n", tableCell(v.Name), tableCell(note))
		}
	}
	for i := range r.Variants {
		for _, in := range r.Variants[i].Incidents {
			fmt.Fprintf(w, "\n**%s, %s #%d** at %s: %s\n\n%s\n", tableCell(r.Variants[i].Name), tableCell(in.Kind), in.ID,
				words.Moment(in.Began), tableCell(in.Cause.Sentence),
				tableCell(strings.Join(victims(in, r.endOf(&r.Variants[i])), "; ")))
			if price := in.Cost.Price(); len(price) > 0 {
				fmt.Fprintf(w, "\nCost: %s.\n", tableCell(strings.Join(price, "; ")))
			}
			if in.Cause.Remedy != "" {
				fmt.Fprintf(w, "\nCure: %s.\n", tableCell(in.Cause.Remedy))
			}
		}
		for _, n := range r.Variants[i].Notices {
			fmt.Fprintf(w, "\n**%s, noticed** from %s to %s: %s\n\nCure: %s.\n", tableCell(r.Variants[i].Name),
				words.Moment(n.From), words.Moment(n.To), tableCell(n.Cause.Sentence), tableCell(n.Cause.Remedy))
		}
	}
	fmt.Fprintf(w, "\nseed %d, %d cores, Linux %s, hangtime %s\n", r.Header.Seed, r.Header.Cores, tableCell(r.Header.Kernel),
		tableCell(r.Header.Tool))
	_, err := io.WriteString(out, w.String())
	return err
}

// tableCode is a text as code in a cell of a table, where nothing but the cell's own sign is escaped.
func tableCode(text string) string {
	return "`" + strings.NewReplacer("|", "\\|", "`", "'").Replace(words.Printable(text)) + "`"
}

// tableCell keeps a text that others wrote inside its line, and inside its cell of a table.
func tableCell(text string) string {
	return strings.NewReplacer("|", "\\|", "<", "&lt;").Replace(words.Printable(text))
}
