package loadgen

import (
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/hangtime-dev/hangtime/words"
)

// Progress prints one line a second while an attack goes on.
type Progress struct {
	out    io.Writer
	attack *Attack
	over   chan struct{}
	done   sync.WaitGroup
	last   Summary
}

// NewProgress says what will be sent for how long, and begins to print; it must be stopped.
func NewProgress(out io.Writer, attack *Attack, length time.Duration) *Progress {
	l := &Progress{out: out, attack: attack, over: make(chan struct{})}
	engine, reason := attack.Engine()
	if reason != "" {
		engine += " (" + reason + ")"
	}
	fmt.Fprintf(out, "%s for %v, engine %s\n", attack.Pattern(), length.Round(time.Millisecond), engine)
	l.done.Go(l.run)
	return l
}

func (l *Progress) run() {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			l.line()
		case <-l.over:
			return
		}
	}
}

func (l *Progress) line() {
	now := l.attack.Summary()
	span := (now.Elapsed - l.last.Elapsed).Seconds()
	if span <= 0 {
		return
	}
	rate := func(n uint64) string { return words.Rate(float64(n) / span) }
	fmt.Fprintf(l.out, "%4.0f s  due %s  ok %s  failed %s  in flight %d  p50 %s  p99 %s  max %s\n",
		now.Elapsed.Seconds(), rate(now.Due-l.last.Due), rate(now.OK-l.last.OK),
		rate(now.Failed-l.last.Failed), now.InFlight, words.Duration(now.Response.P50),
		words.Duration(now.Response.P99), words.Duration(now.Response.Max))
	l.last = now
}

// Stop ends the lines and waits for the last.
func (l *Progress) Stop() {
	close(l.over)
	l.done.Wait()
}
