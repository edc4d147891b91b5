package diagnose

import (
	"fmt"
	"slices"
	"time"

	"github.com/hangtime-dev/hangtime/history"
)

// An incident is one that may still go on.
type incident struct {
	Incident
	key   string
	fault *fault

	ports   map[int]stay // connections that were inside a victim, by the client's port
	unnamed map[int]int  // by pid, how many more were inside than were named
	deaths  int          // of a crash, also beyond the bound on victims
	young   int          // of these, how many had served nothing
}

// part is the place among the victims of a process that stands still.
func (in *incident) part(pid int) int {
	return slices.IndexFunc(in.Victims, func(v Victim) bool { return v.PID == pid && v.To < 0 })
}

func (in *incident) copy() Incident {
	out := in.Incident
	out.Victims = slices.Clone(in.Victims)
	out.Cause = in.Cause.clone()
	pids := map[int]bool{}
	for _, v := range in.Victims {
		pids[v.PID] = true
	}
	if len(pids) > 1 {
		out.Cause.Graph.shared(len(pids))
	}
	return out
}

// close ends the incident if none of its victims stands still any more.
func (in *incident) close(at time.Duration) {
	if !slices.ContainsFunc(in.Victims, func(v Victim) bool { return v.To < 0 }) {
		in.Ended = at
	}
}

// key is what makes two hangs one story.
func (c Cause) key() string {
	switch c.Kind {
	case CauseFileLock:
		return fmt.Sprint(c.Kind, " ", c.Path, " ", c.Inode)
	case CauseDatabase:
		return fmt.Sprint(c.Kind, " ", c.Session)
	}
	return c.Kind
}

// A fault is harm done on purpose.
type fault struct {
	history.FaultAsked
	asked  time.Duration
	effect time.Duration // -1: not seen in effect
	healed time.Duration // -1: not yet
	holder int
}

// A stay is one connection inside one victim: from when it was seen there, until when.
type stay struct{ from, to time.Duration }
