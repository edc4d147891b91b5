package diagnose

import (
	"fmt"
	"maps"
	"slices"

	"github.com/hangtime-dev/hangtime/history"
)

// maxHalted bounds how many stopped processes are kept.
const maxHalted = 64

// halts takes that a process which the server needs is stopped, or goes on.
func (sv *server) halts(ev history.Halted) {
	switch {
	case ev.Over:
		delete(sv.halted, ev.PID)
	case len(sv.halted) < maxHalted:
		if sv.halted == nil {
			sv.halted = map[int]history.Halted{}
		}
		sv.halted[ev.PID] = ev
	}
}

// unfed says why nothing can come to a worker of a server that listens nowhere; empty: nothing is seen to be in the way.
func (sv *server) unfed(p *process) string {
	if !p.noListener {
		return ""
	}
	for _, pid := range slices.Sorted(maps.Keys(sv.halted)) {
		if one := sv.halted[pid]; one.Asks == p.pid || one.Asks != 0 && one.Asks == sv.arbiter {
			return "it has nothing to do, and nothing can come: " + haltWords(one)
		}
	}
	return ""
}

// stands notices that a process which the server needs is stopped.
func (n *notices) stands(r history.Record, ev history.Halted) {
	if ev.Over {
		return
	}
	c := Cause{Kind: CauseStopped, Confidence: Proven, Short: fmt.Sprintf("pid %d is stopped", ev.PID),
		Sentence: haltWords(ev), Remote: ev.Remote, Evidence: []uint64{r.Seq}}
	if ev.Asks == 0 {
		c.Sentence += ": a worker that dies or hangs is not replaced"
	}
	n.note(fmt.Sprintf("halted %d", ev.PID), r.At, r.At, c)
}

// haltWords is "the arbiter, pid 7 (gunicorn …), is stopped".
func haltWords(ev history.Halted) string {
	who := peers([]history.Peer{ev.Peer})
	if ev.Asks == 0 {
		return "the arbiter, " + who + ", is stopped"
	}
	return fmt.Sprintf("%s, of which pid %d waits for an answer at %s, is stopped", who, ev.Asks, ev.Remote)
}
