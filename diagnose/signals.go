package diagnose

import (
	"slices"
	"time"
)

// heard are the signals that a process was sent, as far as anybody said so or saw it.
type heard struct{ signals []sent }

// A sent is one signal.
type sent struct {
	at     time.Duration
	signal string
	seq    uint64
	by     string // "arbiter", or who was seen to send it
}

// maxSignals bounds what is kept of the signals that one worker was sent. The last tell how it ends, so the oldest go.
const maxSignals = 16

func (p *heard) sent(one sent) {
	if len(p.signals) == maxSignals {
		p.signals = slices.Delete(p.signals, 0, 1)
	}
	p.signals = append(p.signals, one)
}

// told says whether anybody sent it a signal.
func (p *heard) told(signal string) bool {
	for _, s := range p.signals {
		if s.signal == signal {
			return true
		}
	}
	return false
}

// doomed says whether the arbiter has sent the process a signal that is meant to end it for its silence, and when.
func (p *heard) doomed() (at time.Duration, is bool) {
	for _, s := range p.signals {
		if s.by == "arbiter" && (s.signal == "SIGABRT" || s.signal == "SIGKILL") {
			return s.at, true
		}
	}
	return 0, false
}

// stopper says what stopped it, as far as it was seen.
func (p *heard) stopper() string {
	for _, s := range slices.Backward(p.signals) {
		if s.signal == "SIGSTOP" || s.signal == "SIGTSTP" || s.signal == "SIGTTIN" || s.signal == "SIGTTOU" {
			return s.signal + " from " + s.by
		}
	}
	return "SIGSTOP or SIGTSTP"
}
