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

// beganTurn says whether its main loop turned after a moment: by the turns that its sign of life counts, or where that
// counts none, as the file that a worker of gunicorn touches in its main loop, by when it was given.
func (p *beats) beganTurn(since time.Duration) bool {
	switch {
	case p.beatAt < 0 || since == unset:
		return false
	case p.beat.Turns > 0:
		return p.turned > since
	}
	return p.beatAt-p.beat.Age > since
}

// countsTurns says whether its sign of life counts the turns of its loop: then that alone says when the loop last turned.
func (p *beats) countsTurns() bool { return p.beatAt >= 0 && p.beat.Turns > 0 }
