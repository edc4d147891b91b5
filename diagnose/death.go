package diagnose

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/words"
)

// A coroner tells how processes ended, and whether anybody meant them to.
type coroner struct {
	judge
	leavers []leaver // whose end is not judged yet
}

func (co *coroner) said(r history.Record, ev history.ServerSaid) {
	p := co.alive(ev.PID)
	if p == nil {
		return
	}
	switch ev.Event {
	case "worker-signalled", "worker-timeout":
		p.sent(sent{r.At, ev.Fields["signal"], r.Seq, "arbiter"})
		co.condemned(p)
	case "worker-exiting", "worker-max-requests":
		p.leaving = true
	case "worker-ready", "worker-booted":
		p.ready = true
	}
}

// died takes a worker's end: the end of its part in a hang, a crash, or a planned leave.
func (co *coroner) died(r history.Record, ev history.WorkerGone) {
	p := co.alive(ev.PID)
	if p == nil {
		return
	}
	by := co.sender(p, ev, r.At)
	if by == "" && co.timedOutUnheard(p, ev, r.At) {
		by = byArbiterInferred
		co.resume(p)
	}
	if p.hang == nil && by == "arbiter" && p.state == Suspect && co.ending < 0 {
		co.hangs(p, co.lastStall(p)) // it was killed for its silence before the silence was long enough for us
	}
	hung := p.hang != nil
	if hung {
		p.hang.Cost.Tasks += p.open
		co.leave(p, r.At, co.how(ev, by))
	}
	work := p.sample.Inside > 0 || p.open > 0
	p.gone = true
	co.enter(p, Dead, r.At)
	defer co.refill(p)
	switch {
	case co.ending >= 0, hung && by != "hangtime":
	case planned(ev, by, work, p.leaving || co.told(p, r.At)):
		co.vacated(p, r.At)
	case askedToLeave(ev) && (by == "" || by == "arbiter") && co.succeeded(p):
		co.vacated(p, r.At)
	case askedToLeave(ev) && by == "":
		co.leavers = append(co.leavers, leaver{p, r, ev}) // whether all leave with it shows in a moment
	default:
		co.crash(p, r, ev, by)
	}
}

// released takes that a process is no worker: it is not dead, and its place is none.
func (co *coroner) released(at time.Duration, ev history.WorkerReleased) {
	p := co.alive(ev.PID)
	if p == nil {
		return
	}
	if p.hang != nil {
		co.leave(p, at, "has started workers")
	}
	p.gone = true
	if pl := co.places[p.place]; pl != nil && pl.now == p {
		delete(co.places, p.place)
	}
}

// timedOutUnheard says whether a kill whose sender was not heard is the arbiter's: the process hung until a moment ago
// and had given its arbiter no sign of life for as long. Where it gives one from another thread than the one that hung
// (gunicorn's threaded workers), the arbiter knows of nothing and kills nobody. Code 1 is how gunicorn's worker leaves
// after SIGABRT.
func (co *coroner) timedOutUnheard(p *process, ev history.WorkerGone, at time.Duration) bool {
	if ev.Signal == "SIGKILL" && !co.outOfMemory(p, ev) && p.sample.Inside > 0 && at-p.began() >= co.limits.Pool {
		return true // a limit on the time of one request
	}
	ended := ev.Signal == "SIGKILL" || ev.Signal == "SIGABRT" || ev.Signal == "" && ev.Code == 1 && !ev.Unknown &&
		len(p.signals) == 0
	if !ended || co.outOfMemory(p, ev) || p.beatAt < 0 || p.beat.Age < co.limits.Loop {
		return false
	}
	return p.hang != nil || p.hungTo >= 0 && at-p.hungTo <= co.limits.Recent
}

// resume makes a process a victim of its last hang again: it did not recover from it, it only unwound because it was
// told to die.
func (j *judge) resume(p *process) {
	in := p.hung
	if p.hang != nil || in == nil {
		return
	}
	for i := len(in.Victims) - 1; i >= 0; i-- { // its last: it may have hung in this incident before
		if in.Victims[i].PID == p.pid {
			in.Victims[i].To, in.Victims[i].End = -1, ""
			in.Ended, in.Recovered, p.hang = -1, -1, in
			return
		}
	}
}

// lastStall is what was suspected last, for a process that dies as a suspect.
func (co *coroner) lastStall(p *process) standstill {
	if s, ok := co.assess(p); ok {
		return s
	}
	return standstill{from: p.since, work: unset}
}

// planned says whether a process left because that was wanted: it leaves with code 0 and nothing undone, or after it
// was told to go or said that it goes (a reload, max_requests), or its arbiter ended it. What its client has not yet
// heard of is no proof of something undone.
func planned(ev history.WorkerGone, by string, work, told bool) bool {
	switch {
	case ev.Unknown:
		return !work
	case ev.Signal == "":
		return ev.Code == 0 && (!work || told)
	case ev.Signal == "SIGTERM":
		return by == "arbiter"
	}
	return false
}

// told says whether a process was sent a signal that asks it to leave.
func (co *coroner) told(p *process, at time.Duration) bool {
	return slices.ContainsFunc(p.signals, func(s sent) bool {
		return s.signal == "SIGTERM" || s.signal == "SIGQUIT" || s.signal == "SIGINT"
	}) || slices.ContainsFunc(co.faults, func(one *fault) bool {
		return (one.Fault == "terminate" || one.Fault == "signal") && one.aims(p) && at >= one.asked
	})
}

// sender says who sent the signal that ended the process; empty: not known.
func (co *coroner) sender(p *process, ev history.WorkerGone, at time.Duration) string {
	for _, one := range slices.Backward(co.faults) {
		if slices.Contains([]string{"kill", "terminate", "abort", "signal"}, one.Fault) && one.aims(p) &&
			at-one.asked <= co.limits.Recent+one.For && at >= one.asked {
			return "hangtime"
		}
	}
	if ev.By != "" {
		return ev.By
	}
	if ev.Signal == "" {
		return ""
	}
	for _, s := range slices.Backward(p.signals) {
		if s.signal == ev.Signal {
			return s.by
		}
	}
	return ""
}

// how says how a process ended: "SIGKILL from arbiter", "exit code 1 after SIGABRT from arbiter".
func (co *coroner) how(ev history.WorkerGone, by string) string {
	if co.ending >= 0 && co.now > co.ending {
		return "server stopped"
	}
	if ev.Unknown {
		return "gone, how is not known"
	}
	end := fmt.Sprintf("exit code %d", ev.Code)
	if ev.Signal != "" {
		end = ev.Signal
		if by != "" {
			end += " from " + by
		}
		return end
	}
	if by == byArbiterInferred {
		return end + " after SIGABRT from " + by
	}
	if p := co.processes[ev.PID]; p != nil && len(p.signals) > 0 {
		if last := p.signals[len(p.signals)-1]; last.signal != "" {
			end += " after " + last.signal + " from " + last.by
		}
	}
	return end
}

// signalled notes a signal that was seen on its way, with who sent it.
func (co *coroner) signalled(r history.Record, ev history.SignalSeen) {
	p := co.alive(ev.PID)
	if p == nil {
		return
	}
	by := fmt.Sprintf("pid %d", ev.Sender.PID)
	switch {
	case ev.Sender.PID == 0:
		by = "kernel"
	case ev.Sender.PID == co.arbiter:
		by = "arbiter"
	case ev.Sender.PID == ev.PID:
		by = "itself"
	case ev.Sender.Command == "hangtime" || strings.HasPrefix(ev.Sender.Command, "hangtime guardian"):
		by = "hangtime"
	case ev.Sender.Command != "":
		by += " (" + ev.Sender.Command + ")"
	}
	if ev.Why != "" {
		by += " (" + ev.Why + ")"
	}
	p.sent(sent{r.At, ev.Signal, r.Seq, words.Printable(by)})
	co.condemned(p)
}

// condemned takes that the arbiter has just sent a suspect the signal for its silence: it knows that silence longer
// than we do.
func (co *coroner) condemned(p *process) {
	if _, doomed := p.doomed(); doomed && p.hang == nil && p.state == Suspect && co.ending < 0 {
		co.hangs(p, co.lastStall(p))
	}
}

// crash opens an incident for a death, or adds it to one that began a moment ago in the same way, or in the same place
// by a death as young.
func (co *coroner) crash(p *process, r history.Record, ev history.WorkerGone, by string) {
	guide := co.advises(p) || p.beatAt >= 0
	c := co.death(p, ev, by).forPeople(guide)
	c.Evidence = []uint64{r.Seq}
	for _, s := range p.signals {
		c.Evidence = append(c.Evidence, s.seq)
	}
	slices.Sort(c.Evidence)
	in := co.sameCrash(p, c, r.At)
	if in == nil {
		if in = co.begin(Incident{Kind: KindCrash, Cause: c, Symptom: -1, Began: r.At, Detected: r.At}); in == nil {
			return
		}
	}
	if len(in.Victims) < maxVictims {
		in.Victims = append(in.Victims, Victim{Place: p.place, PID: p.pid, From: r.At, To: r.At, End: co.how(ev, by)})
	}
	in.deaths++
	in.Ended = r.At
	in.Cost.Inside += p.sample.Inside
	in.Cost.Tasks += p.open
	if by != "hangtime" && p.young(r.At, co.limits) {
		in.young++
	}
	if in.young >= bootLoop && in.Cause.Kind != CauseBootLoop {
		in.Cause = looped(in, c).forPeople(guide)
		in.key = in.Cause.key()
	}
	co.blame(in, p)
}

// bootLoop is from how many deaths on, each soon after birth, it is a loop.
const bootLoop = 3

// maxVictims bounds the victims of one incident: a server that spins makes thousands.
const maxVictims = 1000

// young says whether the process died before it had served anything, soon after it was born.
func (p *process) young(at time.Duration, l Limits) bool {
	return at-p.seen < l.Young && p.sample.Answered == 0
}

// sameCrash finds the incident that a death belongs to; nil: none.
func (cb *casebook) sameCrash(p *process, c Cause, at time.Duration) *incident {
	for _, in := range slices.Backward(cb.incidents) {
		if in.Kind != KindCrash || in.Recovered >= 0 {
			continue
		}
		here := slices.ContainsFunc(in.Victims, func(v Victim) bool { return v.Place == p.place })
		if here && p.young(at, cb.limits) && c.Kind != CauseKilled {
			return in
		}
		if !here && in.Cause.Short == c.Short && at-in.Detected <= cb.limits.Settle {
			return in
		}
	}
	return nil
}

// A leaver is a process that ended as one does that was asked to, while nobody was heard to ask.
type leaver struct {
	process *process
	record  history.Record
	gone    history.WorkerGone
}

// askedToLeave says whether a process ended in a way in which one ends that was asked to leave.
func askedToLeave(ev history.WorkerGone) bool {
	switch ev.Signal {
	case "":
		return ev.Code == 0 && !ev.Unknown
	case "SIGTERM", "SIGQUIT", "SIGINT", "SIGHUP", "SIGWINCH", "SIGUSR1", "SIGUSR2":
		return true
	}
	return false
}
