package scenarios

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// leastEvery is the shortest time between two strokes of a fault: each is recorded, and seen to have taken effect.
const leastEvery = 10 * time.Millisecond

func (v *validation) fault(at string, f Fault, s Scenario) {
	if f.At < 0 || f.For < 0 || f.Every < 0 {
		v.add(at, "a time is negative", "at, for and every are durations from the start of the phase during")
	}
	if f.At > s.Phases.During || f.For > s.Phases.During { // their sum may overflow
		v.add(at, fmt.Sprintf("at %v for %v does not lie in the phase during, which lasts %v", f.At, f.For, s.Phases.During),
			"shorten the fault or lengthen phases.during")
		return
	}
	if f.Every > 0 && f.Every < leastEvery {
		v.add(at+".every", fmt.Sprintf("%v is out of range", f.Every), fmt.Sprintf("want at least %v", leastEvery))
	}
	if f.At >= s.Phases.During && f.At > 0 && f.For == 0 {
		v.add(at+".at", fmt.Sprintf("%v lies at or after the end of the phase during, which lasts %v", f.At,
			s.Phases.During), "want an earlier moment, or a longer phases.during")
	}
	if f.At+f.For > s.Phases.During {
		v.add(at, fmt.Sprintf("ends %v after the phase during began, which lasts %v", f.At+f.For, s.Phases.During),
			"shorten the fault or lengthen phases.during")
	}
	kind, _ := FaultKindOf(f.Kind) // one that is not known was told by its tag
	if kind.keys != nil {
		kind.keys(v, at, f, s)
	}
	if f.Request != nil {
		v.target(at+".request", *f.Request)
	}
	v.victim(at, f, kind.Victim, s.Server.Workers)
}

// victim judges who is to be hit.
func (v *validation) victim(at string, f Fault, may Victim, workers int) {
	if may == NoVictim {
		if f.Worker != "" {
			v.add(at+".worker", "has no meaning for kind "+f.Kind, "leave it out")
		}
		return
	}
	words := may.words()
	if n, err := strconv.Atoi(f.Worker); f.Worker != "" && !slices.Contains(words, f.Worker) &&
		(err != nil || n < 1 || n > workers) {
		v.add(at+".worker", fmt.Sprintf("%q", f.Worker),
			fmt.Sprintf("want %s, or a number from 1 to %d", strings.Join(words, ", "), workers))
	}
}
