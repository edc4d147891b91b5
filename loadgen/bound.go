package loadgen

import (
	"fmt"
	"time"

	"github.com/hangtime-dev/hangtime/history"
)

// When the generator itself limits the load.
const (
	boundLagged = 0.01 // more hits than this left over 1 ms late with a sender free: p99 of its own lag is above 1 ms
	boundBusy   = 0.90 // of the processor time that it can use
	boundFewest = 100  // hits in a second below which a share means nothing
	boundSpan   = 10   // windows that are looked at together
)

// counts grow through the attack; a window is the difference of two.
type counts struct {
	due, sent, late, lagged, dropped uint64
	cpu                              time.Duration
}

// bound watches whether the generator itself limits the load, over the last second, and tells when that begins and ends.
type bound struct {
	rec        *history.Recorder
	sum        *sum
	processors int // that the engine can use at once
	closedLoop bool

	last [boundSpan]history.LoadWindow
	n    int
	on   bool
}

func (b *bound) look(w history.LoadWindow) {
	b.last[b.n%boundSpan] = w
	b.n++
	if b.n < boundSpan {
		return
	}
	var c counts
	var span time.Duration
	for _, one := range b.last {
		c.sent += one.Sent
		c.lagged += one.Lagged
		c.cpu += one.CPU
		span += one.To - one.From
	}
	ev := b.by(c, span, "in the last second")
	if on := ev.Text != ""; on != b.on {
		b.on = on
		ev.Over = !on
		b.rec.Record(ev)
	}
}

// finish tells what was so of the whole attack.
func (b *bound) finish(all counts, span time.Duration) {
	ev := b.by(all, span, "over the whole attack")
	if ev.Text == "" {
		return
	}
	ev.Final = true
	b.rec.Record(ev)
	b.sum.limited(ev.Text)
}

// by judges a span of an attack; its text is empty where the generator kept up.
func (b *bound) by(c counts, span time.Duration, when string) history.GeneratorBound {
	var ev history.GeneratorBound
	if span <= 0 {
		return ev
	}
	ev.Busy = float64(c.cpu) / float64(span) / float64(b.processors)
	if c.sent > 0 {
		ev.Lagged = float64(c.lagged) / float64(c.sent)
	}
	late := ""
	if ev.Lagged > boundLagged && c.sent >= boundFewest && !b.closedLoop {
		late = fmt.Sprintf("%.1f %% of the hits left more than 1 ms late although a sender was free", 100*ev.Lagged)
	}
	switch {
	case ev.Busy >= boundBusy:
		ev.Text = fmt.Sprintf("the load generator itself is the bottleneck, not the server: %s it used %.0f %% of the processor time that it can use", when, 100*ev.Busy)
		if late != "" {
			ev.Text += ", and " + late
		}
	case late != "":
		// It has processor time to spare and does not always get it when it is due: that is the machine's doing, and a
		// small part of what is measured.
		ev.Text = "the load generator itself was late, not the server: " + when + " " + late +
			" (this machine is busy, or the rate too high for it)"
	}
	return ev
}
