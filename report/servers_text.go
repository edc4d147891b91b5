package report

import (
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/charmbracelet/x/ansi"

	"github.com/hangtime-dev/hangtime/diagnose"
	"github.com/hangtime-dev/hangtime/words"
)

// mostCommand is how many columns of a command line are shown, so that a row fits where people look.
const mostCommand = 72

// A Found is a server that nobody named.
type Found struct {
	Server
	Children int // of its arbiter; 0: it is one process
}

// WriteFound lists servers, numbered from 1.
func WriteFound(out io.Writer, found []Found) error {
	fmt.Fprintln(out, "servers on this machine:")
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for i, c := range found {
		what := "one process"
		if c.Children > 0 {
			what = words.Count(c.Children, "child process")
		}
		fmt.Fprintf(table, "%4d\tpid %d\t%s\t%s\t%s\n", i+1, c.PID, c.Address, what,
			ansi.Truncate(words.Printable(c.Command), mostCommand, "…"))
	}
	return table.Flush()
}

// Hangs is how many hangs there were.
func (b *LookBuilder) Hangs() int {
	n := 0
	for _, in := range b.fold.Incidents() {
		if in.Kind == diagnose.KindHang {
			n++
		}
	}
	return n
}

// WriteWorkers says in a line how many workers a server under load has and what befell them, and each incident below.
func (b *LookBuilder) WriteWorkers(out io.Writer, of Server) {
	incidents := b.fold.Incidents()
	fmt.Fprintf(out, "workers     %s of pid %d (%s), %s, %s\n", words.Count(len(b.fold.Workers()), "worker"), of.PID,
		words.Printable(of.Command), words.Count(b.Hangs(), "hang"), words.Count(len(incidents)-b.Hangs(), "death"))
	for _, in := range incidents {
		what := "hang"
		if in.Kind == diagnose.KindCrash {
			what = "death"
		}
		fmt.Fprintf(out, "  %-8s %s since %s for %s: %s\n", what, victimList(in), words.Watch(in.Began),
			words.Seconds(in.Longest(b.now)), words.Printable(in.Cause.Sentence))
	}
}

// victimList is " worker 1 (pid 41), worker 2 (pid 42)", and of many only the first.
func victimList(in diagnose.Incident) string {
	who := ""
	for i, v := range in.Victims {
		if i == mostWatchVictims {
			return who + fmt.Sprintf(" and %d more", len(in.Victims)-i)
		}
		if i > 0 {
			who += ","
		}
		who += fmt.Sprintf(" worker %d (pid %d)", v.Place, v.PID)
	}
	return who
}
