// Package heartbeat reads a worker's own sign of life from outside: gunicorn's heartbeat file, and the page of the
// reference server.
package heartbeat

import (
	"time"

	"github.com/hangtime-dev/hangtime/kernel/proc"
)

// A Monitor reads the heartbeat of one worker. One goroutine may use it.
type Monitor struct {
	fs     proc.FS
	pid    int
	source source // nil: none is known

	sought time.Time     // when a source was last looked for
	pause  time.Duration // how long not to look for one again

	last   *Beat     // as last read
	lastAt time.Time // when that was

	tasks      int       // that it said it has, at its last sign of life
	tasksSince time.Time // since when none of them ended
}

// New prepares to read.
func New(fs proc.FS, pid int) *Monitor { return &Monitor{fs: fs, pid: pid} }

// The pause between two searches for a heartbeat grows: most servers have none that can be seen, and a search goes
// through all descriptors.
const (
	pauseLeast = time.Second
	pauseMost  = time.Minute
)

// Read is the worker's sign of life at tick now; nil: it gives none. ran says whether any of its threads ran since the
// tick before.
func (m *Monitor) Read(now time.Time, ran bool) *Beat {
	if m.source == nil && now.Sub(m.sought) >= m.pause {
		m.sought = now
		m.pause = min(max(2*m.pause, pauseLeast), pauseMost)
		m.source = find(m.fs, m.pid)
	}
	if m.source == nil {
		return nil
	}
	beat := m.read(now, ran)
	if beat == nil {
		m.source.close()
		m.source, m.pause = nil, pauseLeast
		return nil
	}
	if beat.InFlight == 0 || beat.InFlight < m.tasks {
		m.tasksSince = now
	}
	m.tasks = beat.InFlight
	return beat
}

// read is its sign of life; who does not run gives no new one, and the one before only gets older.
func (m *Monitor) read(now time.Time, ran bool) *Beat {
	if past := now.Sub(m.lastAt); !ran && m.last != nil && past < time.Second {
		got := *m.last
		got.Age += past
		if got.Busy > 0 {
			got.Busy += past
		}
		return &got
	}
	m.last, m.lastAt = m.source.read(m.fs), now
	return m.last
}

// TasksFor is for how long the worker has had tasks of which none ended, at tick now.
func (m *Monitor) TasksFor(now time.Time) time.Duration { return now.Sub(m.tasksSince) }

// Close gives back what is open.
func (m *Monitor) Close() {
	if m.source != nil {
		m.source.close()
	}
}
