package report

import (
	"fmt"
	"io"
	"time"

	"github.com/hangtime-dev/hangtime/words"
)

// A VariantConsole tells a run in one line for each variant when it is over.
type VariantConsole struct {
	out  io.Writer
	told int
}

// NewVariantConsole returns one that writes to out.
func NewVariantConsole(out io.Writer) *VariantConsole { return &VariantConsole{out: out} }

// Show prints what is new in r.
func (c *VariantConsole) Show(r *Report) {
	for ; c.told < len(r.Variants) && r.Variants[c.told].To >= 0; c.told++ {
		v := r.Variants[c.told]
		fmt.Fprintf(c.out, "        %-7s %4.0f s  %s: expected %s, had %s\n", v.Verdict.Outcome,
			(v.To - v.From).Truncate(time.Second).Seconds(), words.Printable(v.Name), words.Printable(v.Expect),
			v.Verdict.Got())
	}
}
