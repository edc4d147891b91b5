package diagnose

import (
	"slices"
	"time"

	"github.com/hangtime-dev/hangtime/history"
)

// sampled takes what was seen of the whole process at one tick of the probe.
func (p *process) sampled(r history.Record, ev history.WorkerSample, slack time.Duration, busy float64) {
	if ev.Inside == 0 && ev.Doubtful > 0 && (p.saysItWaits() || p.awaitsStandby() || p.waitsOutside(r.At, ev, slack)) {
		ev.Inside, ev.Oldest = 1, ev.DoubtfulFor // what it says of itself, or is at, ends the doubt
	}
	old, first := p.sample, p.sampledAt < 0
	if first {
		p.firstAt = r.At
		if ev.Spoke > 0 {
			p.answered = max(p.answered, r.At-ev.Spoke)
			p.earliest = p.answered
		}
	}
	if !first && p.progressed(old, ev, r.At, slack) {
		p.answered, p.earliest = r.At, p.sampledAt
		if ev.Answered > old.Answered && ev.Spoke > 0 { // the kernel knows it better than our looks
			p.answered = min(max(r.At-ev.Spoke, p.sampledAt), r.At)
			p.earliest = p.answered
		}
	}
	if !first && ev.Answered > old.Answered {
		p.grew, p.grown = p.sampledAt, r.At
		if ev.Spoke > 0 {
			p.grew = min(max(r.At-ev.Spoke, p.sampledAt), r.At)
		}
	}
	if ev.Inside+ev.Idle+ev.Silent > 0 || ev.Answered > 0 { // it has accepted a connection
		p.ready = true
	}
	if !isStopped(ev.State) {
		p.running = r.At
	}
	p.before = p.sampledAt
	p.sample, p.sampledAt, p.sampleSeq = ev, r.At, r.Seq
	p.inside.note(r.At, ev.Inside)
	p.unread.note(r.At, ev.Unread)
	p.computed(usage{r.At, ev.CPU, ev.RunDelay}, busy)
	p.cpu = append(p.cpu, usage{r.At, ev.CPU, ev.RunDelay})
	for len(p.cpu) > 2 && (len(p.cpu) > 64 || r.At-p.cpu[1].at >= time.Second) {
		p.cpu = slices.Delete(p.cpu, 0, 1)
	}
}

// waitsOutside says whether its only thread has waited for something outside of its server, without running, since the
// request came of which it is in doubt whether it did: then it waits for no client's next request.
func (p *process) waitsOutside(now time.Duration, ev history.WorkerSample, slack time.Duration) bool {
	if len(p.threads) != 1 {
		return false
	}
	o := p.obstacles[p.pid]
	return o != nil && o.foreign() && o.from >= now-ev.DoubtfulFor-slack && now-ev.Still <= o.from+slack
}

// beaten takes a worker's own sign of life. claims says that what it says of its tasks counts: nobody follows them from
// outside.
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

func (p *process) looked(r history.Record, ev history.ThreadSample, l Limits) {
	if len(p.threads) >= maxThreads && p.threads[ev.TID] == nil {
		return
	}
	t := &threadState{ThreadSample: ev, at: r.At, seq: r.Seq, from: r.At - ev.Still, running: -1, placed: unset,
		there: unset, idled: unset, off: unset}
	old := p.threads[ev.TID]
	if !p.looking {
		p.looking, p.lookFrom = true, r.At
	}
	if old != nil {
		t.place, t.placed, t.there, t.slept, t.idled = old.place, old.placed, old.there, old.slept, old.idled
		t.off, t.pauses, t.client = old.off, old.pauses, old.client
	}
	rests := ev.Idle && ev.For != "events" // of these its code has a say, which is read at the end of the look
	if rests {
		t.idled = r.At
	}
	if onProcessor(ev) {
		t.running = r.At
		if old != nil && old.running >= 0 && r.At-old.at <= l.Stale {
			t.running = old.running
		}
	} else {
		t.off = r.At
	}
	// The same standstill keeps the beginning that was first computed: it was nearest to the event.
	if old != nil && t.from-old.from <= l.Slack && old.Syscall == ev.Syscall {
		t.from = min(t.from, old.from)
		// It did not run since the last look, so that one and this one are the two looks that it takes.
		t.Twice = t.Twice || t.running < 0 && ev.Still >= r.At-old.at && (old.Twice || r.At-old.at >= lookTwice)
	}
	p.threads[ev.TID] = t
	if rests {
		p.idled[p.roleOf(ev)] = r.At
	}
}

// whole takes the end of a look: where each thread was found, beside what was found before.
func (p *process) whole(at time.Duration, idle func(*threadState) bool) {
	p.looking, p.lookedAt, p.wholeFrom, p.rests = false, at, p.lookFrom, false
	p.wholes++
	if p.metAt == unset {
		p.metAt = at
	}
	for tid, st := range p.stacks {
		// It has come so far as to serve.
		p.fetched = p.fetched || st.at >= p.lookFrom && st.Script && st.Idle
		p.ready = p.ready || st.at >= p.lookFrom && (st.Request != nil || st.Idle && (tid == p.pid || st.Pool))
	}
	for id, st := range p.tasks {
		if st.over {
			delete(p.tasks, id)
		}
	}
	for _, t := range p.threads {
		if t.at < p.lookFrom {
			continue // not of this look
		}
		if idle(t) {
			t.place, t.placed, t.slept, t.idled = "", unset, false, at
			if t.Idle {
				p.idled[p.roleOf(t.ThreadSample)] = t.at
			}
			p.rests = true
			p.ready = p.ready || t.For == "connections" || t.For == "parent" && t.TID == p.pid
			continue
		}
		place := p.placeOf(t)
		if place == "" { // a lock without a name: to come back to it is no wait
			t.place, t.placed, t.slept = "", unset, false
			continue
		}
		st := p.stacks[t.TID]
		if st != nil && st.at < p.lookFrom && (t.running >= 0 || t.from > st.at) && t.place != "" {
			continue // its code was not read in this look, and it ran since: it may be anywhere
		}
		if p.servesNext(t) || t.placed == unset || t.place != place {
			t.place, t.placed, t.slept, t.pauses = place, at, false, 0
		}
		if t.there = at; t.running < 0 {
			t.pauses++
		}
		t.slept = t.slept || sleeps(t.ThreadSample, p.obstacles[t.TID])
	}
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

// claimed takes how many tasks it says it has. Since when the oldest is open it does not say: since they were none, at
// the earliest.
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

// stackKept is for how long it is known what a thread is that is not looked at: twice the time after which its code is
// read again when one is.
const stackKept = 10 * time.Second

// forget drops what was seen of threads too long ago.
func (p *process) forget(now, stale time.Duration) {
	over := func(at time.Duration) bool {
		lasts := p.looking && at >= p.lookFrom || at >= p.wholeFrom && now-p.lookedAt <= stale
		return now-at > stale && !lasts
	}
	for tid, t := range p.threads {
		if over(t.at) {
			delete(p.threads, tid)
		}
	}
	for tid, o := range p.obstacles {
		if over(o.at) {
			delete(p.obstacles, tid)
		}
	}
	for tid, st := range p.stacks {
		if p.threads[tid] == nil && p.hang == nil && now-st.at > stackKept {
			delete(p.stacks, tid)
		}
	}
	for tid := range p.chains {
		if p.obstacles[tid] == nil {
			delete(p.chains, tid)
		}
	}
	if now-p.lookedAt > 2*stale && len(p.tasks) > 0 {
		clear(p.tasks)
	}
}
