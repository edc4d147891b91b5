package tui

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hangtime-dev/hangtime/report"
)

// A growing source has a thousand events more each time that it is asked.
type growing struct {
	of    *report.Report
	asked atomic.Int64
}

func (g *growing) Report() *report.Report {
	n := g.asked.Add(1)
	r := *g.of
	v := r.Variants[0]
	v.Story = make([]report.Line, 0, 2000)
	for i := range 1000 {
		v.Story = append(v.Story, report.Line{At: r.Now, Kind: report.LineServer,
			Text: fmt.Sprintf("event %d of burst %d", i, n)})
	}
	r.Variants = []report.Variant{v}
	return &r
}

// However much happens, each key that is pressed has its effect.
func TestABurstOfEventsDropsNoKey(t *testing.T) {
	source := &growing{of: hangReport(16)}
	m, err := newModel(source, Controls{}, Options{Theme: "dark", Refresh: 20 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	s := startSession(t, m, 100, 30)
	s.see("event 999 of burst")
	// A key of one byte: of a longer one a starved terminal may see the pieces with time between, which is another key.
	for i := range 12 {
		if i%4 == 0 {
			asked := source.asked.Load()
			s.wait("another burst", func() bool { return source.asked.Load() > asked })
		}
		s.press("j")
	}
	s.see("▸ 13 10830")
}

// What is drawn of a long story costs what fits the screen, not what happened.
func TestALongStoryIsCutToTheScreen(t *testing.T) {
	m := modelOf((&growing{of: hangReport(4)}).Report(), 80, 24)
	if frame := ansiPlain(m.frame()); !strings.Contains(frame, "event 999") || strings.Contains(frame, "event 900 ") {
		t.Error(frame)
	}
}
