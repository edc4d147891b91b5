package diagnose

import (
	"time"

	"github.com/hangtime-dev/hangtime/history"
)

// openTasks are the tasks that a process accepted and has not ended.
type openTasks struct {
	open     int
	openFrom time.Duration // when the oldest of these was accepted
	opened   counts        // how many they were
	took     time.Duration // when it was last seen to take one
	finished bool          // it has ended a task, ever
	ended    time.Duration // last sign of progress of its tasks
	endedMin time.Duration // and when that may have been at the earliest: the look before
	tasksAt  time.Duration // when its tasks were last looked at
	tasksSeq uint64
}

// followed takes how many of its tasks are open, by the client's ledger; absent means none.
func (p *process) followed(r history.Record, ev history.OpenTasks, slack time.Duration) {
	from := r.At - ev.Oldest
	switch {
	case p.open == 0 && ev.Open > 0:
		p.ended = max(p.seen, from) // nothing was asked of it before
		p.endedMin = p.ended
	case ev.Open < p.open, ev.Open > 0 && from > p.openFrom+slack:
		p.ended, p.endedMin, p.finished = r.At, p.tasksAt, true
	}
	p.tasksAt = r.At
	if ev.Open > p.open {
		p.took = r.At
	}
	p.open, p.openFrom, p.tasksSeq = ev.Open, from, r.Seq
	p.opened.note(r.At, p.open)
}

// claimed takes how many tasks it says it has. Since when the oldest is open it does not say: since they were none, at the earliest.
func (p *process) claimed(r history.Record, ev history.Heartbeat) {
	switch {
	case p.open == 0 && ev.InFlight > 0:
		p.openFrom = max(p.beatAt, p.seen)
		if p.beatAt < 0 {
			p.openFrom, p.turned = r.At, r.At // watched from here on only
		}
		p.ended, p.endedMin = p.openFrom, p.openFrom
	case ev.InFlight < p.open:
		p.ended, p.endedMin, p.finished = r.At, p.tasksAt, true
	}
	p.tasksAt = r.At
	if ev.InFlight > p.open {
		p.took = r.At
	}
	p.open, p.tasksSeq = max(ev.InFlight, 0), r.Seq
	p.opened.note(r.At, p.open)
}
