package diagnose

import (
	"slices"
	"time"

	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/words"
)

// maxFaults bounds how many faults are remembered; beyond it the oldest go.
const maxFaults = 1000

func (cb *casebook) harmed(at time.Duration, event history.Event) {
	switch ev := event.(type) {
	case history.FaultAsked:
		cb.faults = append(cb.faults, &fault{FaultAsked: ev, asked: at, effect: -1, healed: -1})
		if len(cb.faults) > maxFaults {
			cb.faults = cb.faults[1:]
		}
	case history.FaultInEffect:
		if one := cb.faultOf(ev.ID); one != nil && one.effect < 0 {
			one.effect, one.holder = at, ev.PID
			cb.reblame(one)
		}
	case history.FaultHealed:
		if one := cb.faultOf(ev.ID); one != nil {
			one.healed = at
		}
	case history.FaultFailed:
		one := cb.faultOf(ev.ID)
		switch {
		case one == nil || one.effect >= 0: // one that could not be undone goes on
		case one.Fault == "request":
			one.healed = at // it was not answered as it should be, and may well have done the harm
		default:
			cb.acquit(one)
		}
	}
}

// acquit takes back what a fault was blamed for that never took effect.
func (cb *casebook) acquit(one *fault) {
	cb.faults = slices.DeleteFunc(cb.faults, func(other *fault) bool { return other == one })
	for _, in := range cb.incidents {
		if in.fault != one {
			continue
		}
		in.fault, in.Fault, in.Injected = nil, "", -1
		for _, v := range in.Victims {
			if v.To < 0 {
				cb.blame(in, cb.processes[v.PID])
			}
		}
	}
}

func (cb *casebook) faultOf(id string) *fault {
	for _, one := range slices.Backward(cb.faults) {
		if one.ID == id {
			return one
		}
	}
	return nil
}

// blame joins an incident to the fault that was in effect when it began: one that is about this worker or this file
// before any other.
func (cb *casebook) blame(in *incident, p *process) {
	best, most := (*fault)(nil), 0
	for _, one := range cb.faults {
		if fit := cb.fits(one, in, p); fit > 0 && fit >= most {
			best, most = one, fit
		}
	}
	if best == nil || in.fault != nil && cb.fits(in.fault, in, p) >= most {
		return
	}
	in.fault = best
	in.Fault, in.Injected = best.ID, best.effect
}

// fits says how well a fault explains an incident; 0: not at all.
func (cb *casebook) fits(one *fault, in *incident, p *process) int {
	begin := one.effect
	if begin < 0 {
		begin = one.asked
	}
	if begin > in.Began+cb.limits.Recent/4 || cb.overBefore(one, in, p) {
		return 0
	}
	if in.Kind == KindCrash && one.Fault != "kill" && !one.aims(p) {
		return 0
	}
	fit := 1
	if one.effect >= 0 {
		fit++
	}
	if one.aims(p) {
		fit += 4
	} else if one.PID > 0 && (one.Fault == "kill" || one.Fault == "stop") {
		return 0 // it was done to another worker
	}
	if one.Path != "" && words.Printable(one.Path) == in.Cause.Path ||
		slices.ContainsFunc(in.Cause.Holders,
			func(h history.LockHolder) bool { return one.holder > 0 && h.PID == one.holder }) {
		fit += 8
	}
	return fit
}

// overBefore says whether a fault was over well before an incident began. One that is over the moment it strikes is
// told to be healed by nobody; a process that it struck itself may still take its time to die of it, as after SIGTERM.
func (cb *casebook) overBefore(one *fault, in *incident, p *process) bool {
	switch {
	case one.healed >= 0:
		return one.healed < in.Began-cb.limits.Recent/2
	case one.For > 0 || one.effect < 0 || in.Kind == KindCrash && one.PID == p.pid:
		return false
	}
	return one.effect < in.Began-cb.limits.Recent
}

// reblame tells the incidents that a fault was seen in effect only after they began, as a kill is.
func (cb *casebook) reblame(one *fault) {
	for _, in := range cb.incidents {
		if in.fault == one && in.Injected < 0 {
			in.Injected = one.effect
		}
	}
}

// aims says whether a fault is about this process.
func (one *fault) aims(p *process) bool {
	return one.PID == p.pid || one.PID == 0 && one.Worker > 0 && one.Worker == p.worker
}
