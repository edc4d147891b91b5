package diagnose

import (
	"time"

	"github.com/hangtime-dev/hangtime/history"
)

// beats are the signs of life of a process's loop.
type beats struct {
	beat   history.Heartbeat
	beatAt time.Duration        // -1: never
	turned time.Duration        // when its loop was last seen to have turned
	idled  [roles]time.Duration // when a thread of each role was last seen to wait for events; unset: never
}

func noBeats(at time.Duration) beats {
	b := beats{beatAt: -1, turned: at}
	for r := range b.idled {
		b.idled[r] = unset
	}
	return b
}

// beaten takes a worker's own sign of life. claims says that what it says of its tasks counts: nobody follows them from outside.
func (p *process) beaten(r history.Record, ev history.Heartbeat, claims bool) {
	if claims && ev.Turns > 0 {
		p.claimed(r, ev)
	}
	if p.beatAt >= 0 && ev.Turns != p.beat.Turns {
		p.turned = min(max(r.At-ev.Age, p.beatAt), r.At) // its age says it better, where it is the loop that gives the sign
	}
	if ev.Turns > 0 {
		p.ready = true
	}
	p.beat, p.beatAt = ev, r.At
}

// countsTurns says whether its sign of life counts the turns of its loop: then that alone says when the loop last turned.
func (p *beats) countsTurns() bool { return p.beatAt >= 0 && p.beat.Turns > 0 }
