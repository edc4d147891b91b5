package verdict

import (
	"time"

	"github.com/hangtime-dev/hangtime/history"
)

// What a process takes for itself in its first moments is no growth, and of one that lived shortly nothing can be said.
const (
	settling = time.Second
	lifetime = 3 * time.Second
)

// memory keeps how the resident memory of each worker process changed under load.
type memory struct{ byPID map[int]*resident }

type resident struct {
	first, last time.Duration // of its samples under load
	base, now   uint64        // bytes: when it had settled, and last
	settled     bool
}

func (m *memory) add(at time.Duration, ev history.WorkerSample) {
	if ev.RSS == 0 {
		return
	}
	if m.byPID == nil {
		m.byPID = map[int]*resident{}
	}
	p := m.byPID[ev.PID]
	if p == nil {
		p = &resident{first: at}
		m.byPID[ev.PID] = p
	}
	if !p.settled && at-p.first >= settling {
		p.base, p.settled = ev.RSS, true
	}
	p.last, p.now = at, ev.RSS
}

// known says whether any process lived long enough.
func (m *memory) known() bool {
	for _, p := range m.byPID {
		if p.counts() {
			return true
		}
	}
	return false
}

func (p *resident) counts() bool { return p.settled && p.last-p.first >= lifetime }

// growth is the largest of all processes, in bytes; it is negative where all of them shrank.
func (m *memory) growth() int64 {
	largest, any := int64(0), false
	for _, p := range m.byPID {
		if grown := int64(p.now) - int64(p.base); p.counts() && (!any || grown > largest) {
			largest, any = grown, true
		}
	}
	return largest
}
