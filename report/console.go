package report

import (
	"fmt"
	"io"
	"time"

	"github.com/hangtime-dev/hangtime/diagnose"
	"github.com/hangtime-dev/hangtime/words"
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
func NewConsole(out io.Writer) *Console {
	return &Console{out: out, told: map[string]bool{}, second: -1}
}

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
		fmt.Fprintln(c.out)
		c.line("%s ▸ %s (%d of %d), expect %s: %s", r.Header.Scenario, v.Name, len(r.Variants), r.Planned, v.Expect, v.Says)
	}
	c.story(v)
	if second := int64(r.Now / time.Second); second > c.second && !r.Over {
		c.second = second
		c.line("%s", progressLine(r, v))
	}
}

// line is the one place where it writes: whatever others wrote stays in its line.
func (c *Console) line(format string, args ...any) {
	fmt.Fprintln(c.out, words.Printable(fmt.Sprintf(format, args...)))
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
		c.line("%s  %-8s %s", words.Moment(l.At), l.Kind, l.Text)
	}
}

// progressLine is the one line a second.
func progressLine(r *Report, v *Variant) string {
	l := v.Load
	line := fmt.Sprintf("%s  %-8s %s/%s  offered %4.0f/s  ok %4.0f/s  in flight %4d  failed %d",
		words.Moment(r.Now), v.Phase,
		words.Elapsed(v.Elapsed(r.Now)), words.Elapsed(v.Planned), l.Offered, l.Achieved, l.InFlight+l.Waiting, l.Failed)
	if p := lastAnswered(l.Series.Points); p >= 0 {
		line += "  p99 " + words.Duration(l.Series.Points[p].P99)
	}
	if hangs := v.Hangs(); hangs > 0 {
		line += fmt.Sprintf("  HANG %d of %d", hangs, len(v.Workers))
		for _, w := range v.Workers {
			if w.State.IsHang() && w.Cause != nil {
				return line + ": " + w.Cause.Short
			}
		}
	}
	if dead := inState(v.Workers, diagnose.Dead); dead > 0 {
		line += fmt.Sprintf("  %d of %d dead", dead, len(v.Workers))
	}
	return line
}

func inState(workers []diagnose.Worker, state diagnose.State) int {
	n := 0
	for _, w := range workers {
		if w.State == state {
			n++
		}
	}
	return n
}
