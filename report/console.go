package report

import (
	"fmt"
	"io"
	"time"

	"github.com/hangtime-dev/hangtime/diagnose"
)

// A Console tells a run as plain lines: one of progress a second, the story as it happens. No cursor movement, no colour.
type Console struct {
	out     io.Writer
	variant string
	told    map[string]bool // keys of story lines
	last    int             // number of the last line without a key
	second  int64
}

// NewConsole returns a console that writes to out.
func NewConsole(out io.Writer) *Console { return &Console{out: out, second: -1} }

// Show prints what is new in r.
func (c *Console) Show(r *Report) {
	v := r.Current()
	if v == nil {
		return
	}
	if v.Name != c.variant {
		if len(r.Variants) > 1 {
			c.story(&r.Variants[len(r.Variants)-2]) // what the variant before ended with
		}
		c.variant, c.told, c.last = v.Name, map[string]bool{}, 0
		fmt.Fprintf(c.out, "\n%s ▸ %s (%d of %d), expect %s: %s\n", r.Header.Scenario, v.Name, len(r.Variants), r.Planned, v.Expect, v.Says)
	}
	c.story(v)
	if second := int64(r.Now / time.Second); second > c.second && !r.Over {
		c.second = second
		fmt.Fprintln(c.out, progress(r, v))
	}
}

func (c *Console) story(v *Variant) {
	for _, l := range v.Story {
		switch {
		case l.key == "" && l.number <= c.last, c.told[l.key]:
			continue
		case l.key == "":
			c.last = l.number
		default:
			c.told[l.key] = true
		}
		fmt.Fprintf(c.out, "%s  %-8s %s\n", stamp(l.At), l.Kind, l.Text)
	}
}

// stamp is a moment of the run: 00:08.214. One before its beginning, as of a server that hung before it was watched, is negative.
func stamp(at time.Duration) string {
	sign, ms := "", at.Milliseconds()
	if ms < 0 {
		sign, ms = "-", -ms
	}
	return fmt.Sprintf("%s%02d:%02d.%03d", sign, ms/60000, ms/1000%60, ms%1000)
}

// progress is the one line a second.
func progress(r *Report, v *Variant) string {
	l := v.Load
	line := fmt.Sprintf("%s  %-8s %s/%s  offered %4.0f/s  ok %4.0f/s  in flight %4d  failed %d", stamp(r.Now), v.Phase,
		whole(v.Elapsed(r.Now)), whole(v.Planned), l.Offered, l.Achieved, l.InFlight+l.Waiting, l.Failed)
	if p := lastAnswered(l.Series.Points); p >= 0 {
		line += "  p99 " + short(l.Series.Points[p].P99)
	}
	if hangs := v.Hangs(); hangs > 0 {
		line += fmt.Sprintf("  HANG %d of %d", hangs, len(v.Workers))
		for _, w := range v.Workers {
			if w.State.IsHang() && w.Cause != nil {
				return line + ": " + w.Cause.Short
			}
		}
	}
	if dead := count(v.Workers, diagnose.Dead); dead > 0 {
		line += fmt.Sprintf("  %d of %d dead", dead, len(v.Workers))
	}
	return line
}

func count(workers []diagnose.Worker, state diagnose.State) int {
	n := 0
	for _, w := range workers {
		if w.State == state {
			n++
		}
	}
	return n
}
