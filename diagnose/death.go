package diagnose

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hangtime-dev/hangtime/history"
)

// maxSignals bounds what is kept of the signals that a server says it sent to one worker.
const maxSignals = 16

func (f *Fold) said(r history.Record, ev history.ServerSaid) {
	p := f.alive(ev.PID)
	if p == nil {
		return
	}
	switch ev.Event {
	case "worker-signalled", "worker-timeout":
		if len(p.signals) < maxSignals {
			p.signals = append(p.signals, sent{r.At, ev.Fields["signal"], r.Seq})
		}
	case "worker-exiting":
		p.leaving = true
	case "worker-ready", "worker-booted":
		p.ready = true
	}
}

// died takes a worker's end: the end of its part in a hang, a crash, or a planned leave.
func (f *Fold) died(r history.Record, ev history.WorkerGone) {
	p := f.alive(ev.PID)
	if p == nil {
		return
	}
	by := f.sender(p, ev, r.At)
	ordered := by == "arbiter" || len(p.signals) > 0
	if p.hang == nil && ordered && p.state == Suspect && f.ending < 0 {
		f.hangs(p, f.lastStall(p)) // it was killed for its silence before the silence was long enough for us
	}
	hung := p.hang != nil
	if hung {
		f.leave(p, r.At, f.how(ev, by))
	}
	work := p.sample.Inside > 0 || p.open > 0
	p.gone = true
	f.enter(p, Dead, r.At)
	switch {
	case f.ending >= 0, hung && by != "hangtime":
	case planned(p, ev, by, work):
	default:
		f.crash(p, r, ev, by)
	}
}

// lastStall is what was suspected last, for a process that dies as a suspect.
func (f *Fold) lastStall(p *process) stall {
	if s, ok := f.assess(p, f.now); ok {
		return s
	}
	return stall{from: p.since}
}

// planned says whether a process left because that was wanted: it leaves with code 0 and nothing undone (max_requests, a reload), or its arbiter told it to go.
func planned(p *process, ev history.WorkerGone, by string, work bool) bool {
	told := slices.ContainsFunc(p.signals, func(s sent) bool {
		return s.signal == "SIGTERM" || s.signal == "SIGQUIT" || s.signal == "SIGINT"
	})
	switch {
	case ev.Unknown:
		return !work
	case ev.Signal == "":
		return ev.Code == 0 && (!work || p.leaving || told)
	case ev.Signal == "SIGTERM":
		return by == "arbiter"
	}
	return false
}

// sender says who sent the signal that ended the process; empty: not known.
func (f *Fold) sender(p *process, ev history.WorkerGone, at time.Duration) string {
	for _, one := range slices.Backward(f.faults) {
		if one.Fault == "kill" && f.aims(one, p) && at-one.asked <= f.limits.Recent+one.For && at >= one.asked {
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
			return "arbiter"
		}
	}
	return ""
}

// aims says whether a fault is about this process.
func (f *Fold) aims(one *fault, p *process) bool {
	return one.PID == p.pid || one.PID == 0 && one.Worker > 0 && one.Worker == p.place
}

// how says how a process ended: "SIGKILL from arbiter", "exit code 1 after SIGABRT from arbiter".
func (f *Fold) how(ev history.WorkerGone, by string) string {
	if f.ending >= 0 && f.now > f.ending {
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
	if p := f.processes[ev.PID]; p != nil && len(p.signals) > 0 {
		if last := p.signals[len(p.signals)-1].signal; last != "" {
			end += " after " + last + " from arbiter"
		}
	}
	return end
}

// crash opens an incident for a death, or adds it to one that began a moment ago in the same way.
func (f *Fold) crash(p *process, r history.Record, ev history.WorkerGone, by string) {
	c := death(p, ev, by)
	c.Evidence = []uint64{r.Seq}
	for _, s := range p.signals {
		c.Evidence = append(c.Evidence, s.seq)
	}
	slices.Sort(c.Evidence)
	in := f.open(KindCrash, c.key())
	if in == nil || r.At-in.Detected > f.limits.Settle || slices.ContainsFunc(in.Victims, func(v Victim) bool { return v.Place == p.place }) {
		if in = f.begin(Incident{Kind: KindCrash, Cause: c, Symptom: -1, Began: r.At, Detected: r.At}); in == nil {
			return
		}
	}
	in.Victims = append(in.Victims, Victim{Place: p.place, PID: p.pid, From: r.At, To: r.At, End: f.how(ev, by)})
	in.victim = append(in.victim, nil)
	in.Ended = r.At
	f.blame(in, p)
}

// death is the cause of a crash.
func death(p *process, ev history.WorkerGone, by string) Cause {
	c := Cause{Kind: CauseExited, Confidence: Proven, Remedy: remedyExited, Short: fmt.Sprintf("exit code %d", ev.Code), Sentence: fmt.Sprintf("it ended by itself with exit code %d", ev.Code)}
	switch {
	case ev.Unknown:
		c = Cause{Kind: CauseUnknown, Confidence: Guess, Remedy: remedyUnknown, Short: "gone", Sentence: "it is gone with work undone; how it ended could not be seen"}
	case ev.Signal != "":
		c = Cause{Kind: CauseKilled, Confidence: Proven, Remedy: remedyKilled, Short: ev.Signal, Sentence: "killed by " + ev.Signal}
		switch {
		case by != "":
			c.Short += " from " + by
			c.Sentence += " from " + by
		default:
			c.Confidence = Likely
			c.Sentence += "; who sent it could not be seen"
		}
	}
	if ev.Inferred && c.Confidence == Proven && by != "hangtime" {
		c.Confidence = Likely
	}
	var left []string
	if p.sample.Inside > 0 {
		left = append(left, count(p.sample.Inside, "request"))
	}
	if p.open > 0 {
		left = append(left, count(p.open, "task"))
	}
	if len(left) > 0 {
		c.Sentence += ", with " + strings.Join(left, " and ") + " undone"
	}
	return c
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
