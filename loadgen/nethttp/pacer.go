package nethttp

import (
	"context"
	"time"

	"github.com/hangtime-dev/hangtime/loadgen/hit"
)

// A pacer is a timetable as vegeta's Pacer. It waits by itself, so that the end of the attack and a change of the rate
// are seen at once.
type pacer struct {
	job     *hit.Job
	ctx     context.Context
	granted uint64
}

func (p *pacer) Rate(time.Duration) float64 { return 0 }

func (p *pacer) Pace(_ time.Duration, hits uint64) (time.Duration, bool) {
	for {
		changed := p.job.Table.Changes()
		due, now := p.job.Table.Due(hits), p.job.Now()-p.job.Begin
		if p.job.ClosedLoop() {
			due = now // whoever is ready
		}
		switch {
		case p.ctx.Err() != nil:
			return 0, true
		case due < p.job.Total && due <= now:
			p.granted = hits + 1
			return 0, false
		case now >= p.job.Total:
			return 0, true
		}
		timer := time.NewTimer(min(due, p.job.Total) - now)
		select {
		case <-timer.C:
		case <-changed:
		case <-p.ctx.Done():
		}
		timer.Stop()
	}
}
