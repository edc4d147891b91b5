package worker

import (
	"time"

	"github.com/hangtime-dev/hangtime/reference-server/board"
	"github.com/hangtime-dev/hangtime/reference-server/heartbeat"
	"github.com/hangtime-dev/hangtime/reference-server/settings"
)

// A pulse is what a worker shows of its being alive, on its page and on the board.
type pulse struct {
	cfg   *settings.Config
	clock heartbeat.Clock
	page  *heartbeat.Page
	tmp   *heartbeat.TempFile // nil: the heartbeat is in memory
	place *board.Place
}

// beat is the sign of life that the arbiter goes by. One thread calls it: the request side's or the loop's.
func (p *pulse) beat(now int64) {
	if p.tmp != nil {
		if err := p.tmp.Beat(now); err != nil {
			tell("heartbeat-failed", "reason", err.Error())
		}
	}
	p.page.Beat.Store(uint64(now))
}

// turn is called by the request side at each turn.
func (p *pulse) turn(inFlight int) int64 {
	now := p.clock.Now()
	p.page.RequestBeat.Store(uint64(now))
	p.place.Beat.Store(uint64(now))
	p.place.LoopBeat.Store(p.page.LoopBeat.Load())
	p.place.InFlight.Store(uint64(inFlight))
	if p.cfg.HeartbeatFrom == "request" {
		p.beat(now)
	}
	return now
}

// idleWait is how long the request side waits for work before it turns, so that an idle worker gives a sign of life.
func (p *pulse) idleWait() time.Duration {
	wait := time.Second
	if p.cfg.Timeout > 0 {
		wait = min(wait, p.cfg.Timeout/4)
	}
	return max(wait, 10*time.Millisecond)
}
