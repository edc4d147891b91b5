package diagnose

import (
	"maps"
	"slices"
	"time"

	"github.com/hangtime-dev/hangtime/history"
)

// A Fold finds worker states and incidents in one variant's history. It is fed one record after the other by one
// goroutine; what it returns never changes.
type Fold struct {
	coroner
	notices
}

// New returns a fold that has seen nothing.
func New(l Limits) *Fold {
	sv := newServer(l)
	return &Fold{coroner: coroner{judge: newJudge(sv)}, notices: notices{server: sv}}
}

// wholeSince is the format of a recording from which on it says where a look ends.
const wholeSince = 2

// Add takes the next record.
func (f *Fold) Add(r history.Record) {
	f.now = max(f.now, r.At)
	f.lanes()
	switch ev := r.Event.(type) {
	case history.PhaseStarted:
		if ev.Phase == history.Ending {
			f.end(r.At)
		}
	case history.VariantEnded, history.ServerStopped, history.Interrupted, history.RunEnded:
		f.end(r.At)
	case history.Header:
		f.whole = ev.Format >= wholeSince
	case history.ServerStarted:
		f.arbiter, f.reference = ev.PID, ev.Server == "reference"
		f.attached = ev.Server == "attach" || ev.Server == "url" // a load alone, whose workers are watched beside it
		if ev.HangAfter > 0 {
			f.limits.HangAfter = ev.HangAfter
		}
	case history.Tick:
		f.tick(r.At, ev.Late)
	case history.FaultAsked, history.FaultInEffect, history.FaultHealed, history.FaultFailed:
		f.harmed(r.At, ev)
	case history.Listener:
		f.listens(r.At, ev)
	case history.Overflow:
		f.unaccepted(r.At, f.overflowed(r, ev))
	case history.Hit:
		f.hit(ev)
	case history.HitWindow:
		f.hits(ev)
	case history.Ledger:
		f.ledger(r, ev)
	default:
		f.worker(r)
	}
}

// worker takes what is about one process.
func (f *Fold) worker(r history.Record) {
	switch ev := r.Event.(type) {
	case history.WorkerSeen:
		f.seen(r.At, ev)
	case history.WorkerGone:
		f.died(r, ev)
	case history.WorkerReleased:
		f.released(r.At, ev)
	case history.ServerSaid:
		f.said(r, ev)
	case history.WorkerSample:
		if p := f.alive(ev.PID); p != nil {
			before := p.answered
			p.sampled(r, ev, f.limits.Slack, f.limits.Busy)
			if p.answered > before {
				f.answered = max(f.answered, p.answered)
			}
			f.decide(p)
		}
	case history.ThreadSample:
		if p := f.alive(ev.PID); p != nil {
			p.looked(r, ev, f.limits)
		}
	case history.Chain:
		if p := f.alive(ev.PID); p != nil && len(p.chains) < maxThreads {
			p.chains[ev.TID] = ev
		}
	case history.Upstream:
		if p := f.alive(ev.PID); p != nil {
			p.upstream, p.upAt = ev, r.At
			p.owed = map[int]time.Duration{}
			for _, one := range ev.Owed {
				p.owed[one.Port] = r.At - one.Age
			}
		}
	case history.Stack:
		if p := f.alive(ev.PID); p != nil {
			p.traced(r, ev)
			p.queued = p.queued || ev.Request != nil && ev.Request.ID != ""
		}
	case history.Looked:
		if p := f.alive(ev.PID); p != nil {
			f.whole, p.title = true, ev.Title
			if p.sampledAt >= 0 && r.At-p.sampledAt > lateLook { // on a busy machine: its tick says so only after it
				f.blinded(p.sampledAt, r.At)
			}
			p.whole(r.At, func(t *threadState) bool { return f.idle(p, t) })
			f.decide(p)
		}
	case history.Unseen:
		f.unreadable(ev)
	case history.Halted:
		f.halts(ev)
		f.stands(r, ev)
	case history.Descriptors:
		if p := f.alive(ev.PID); p != nil {
			p.files, p.filesSeq = ev, r.Seq
		}
	case history.Cgroup:
		if p := f.alive(ev.PID); p != nil {
			p.group.looked(r, ev)
			f.throttled(r, &p.group)
			f.decide(p)
		}
	case history.QueueSetting:
		f.losing(r, ev)
	case history.Sessions:
		f.hears(r, ev)
	case history.SignalSeen:
		f.signalled(r, ev)
	case history.Heartbeat:
		if p := f.alive(ev.PID); p != nil {
			p.beaten(r, ev, !f.followed)
		}
	default:
		if o := obstacleOf(r); o != nil {
			if p := f.alive(o.pid); p != nil {
				p.hindered(o, f.limits)
				p.ready = p.ready || waitsForClient(o) // it has taken a connection
			}
		}
	}
}

// tick is the clock of the fold: what nobody tells of is found here.
func (f *Fold) tick(at, late time.Duration) {
	if late > f.limits.Late {
		f.blinded(at-late, at)
	}
	for _, pid := range slices.Sorted(maps.Keys(f.processes)) {
		p := f.processes[pid]
		if !p.gone {
			p.forget(at, f.stale(p))
			if !f.whole || !p.looking { // nothing is decided by half a look
				f.decide(p)
			}
		} else if pl := f.places[p.place]; p.hang == nil && (pl == nil || pl.now != p && pl.before != p) {
			delete(f.processes, pid)
		}
	}
	f.reloads(at)
	f.shrinks(at)
	f.recovered()
}

func (f *Fold) ledger(r history.Record, ev history.Ledger) {
	f.followed = true
	if ev.Final {
		f.losses(ev) // what was still open is not followed any more, which is no end of it
		return
	}
	open := map[int]history.OpenTasks{}
	for _, one := range ev.Workers {
		open[one.PID] = one
	}
	for pid, p := range f.processes {
		if !p.gone {
			p.followed(r, open[pid], f.limits.Slack)
		}
	}
	f.losses(ev)
}

// Incidents are all so far, in the order in which they were found.
func (f *Fold) Incidents() []Incident {
	var all []Incident
	for _, in := range f.incidents {
		all = append(all, in.copy())
	}
	return all
}

// Hidden is what may not be read, in the order in which it was found.
func (f *Fold) Hidden() []history.Unseen { return slices.Clone(f.hidden) }
