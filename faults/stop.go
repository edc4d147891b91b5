package faults

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/unix"

	"github.com/hangtime-dev/hangtime/scenarios"
)

// stopHarm sends SIGSTOP to a worker and SIGCONT at its end.
type stopHarm struct {
	choice
	guardian *Guardian
}

func (s stopHarm) strike(ctx context.Context, at target) (effect, error) {
	id, err := s.guardian.add(undo{Kind: undoContinue, process: at.victim, Until: time.Now().Add(Longest + spare)})
	if err != nil {
		return effect{}, err
	}
	heal := func() (string, error) {
		if !at.victim.alive() {
			return "the process is gone", s.guardian.drop(id)
		}
		if err := resume(at.victim); err != nil {
			return "", err
		}
		_ = s.guardian.drop(id) // a second SIGCONT would do no harm
		return "", nil
	}
	if err := halt(ctx, at.victim); err != nil {
		_, undone := heal()
		return effect{}, errors.Join(err, undone)
	}
	return effect{pid: at.victim.PID, detail: "SIGSTOP, its state is T", heal: heal}, nil
}

func prepareStop(f scenarios.Fault, field Field, g *Guardian) (harm, error) {
	c, err := newChoice(f, field)
	return stopHarm{c, g}, err
}

// halt stops a process and returns when it stands.
func halt(ctx context.Context, p process) error {
	if err := p.signal(unix.SIGSTOP); err != nil {
		return err
	}
	for deadline := time.Now().Add(stopLimit); ; {
		s, err := p.status()
		if err != nil {
			return err
		}
		if s.stat.State == 'T' {
			return nil
		}
		if time.Now().After(deadline) || !sleep(ctx, step) {
			return fmt.Errorf("pid %d is in state %c, not T, %v after SIGSTOP", p.PID, s.stat.State, stopLimit)
		}
	}
}

// undoContinue sends SIGCONT.
var undoContinue = mendedBy("continue", mending{
	says:     func(u undo) string { return fmt.Sprintf("continue the stopped pid %d", u.PID) },
	mend:     func(u undo) error { return resume(u.process) },
	releases: true,
})

// resume continues a stopped process and waits until it is no longer stopped.
func resume(p process) error {
	err := p.signal(unix.SIGCONT)
	for deadline := time.Now().Add(continueLimit); err == nil; time.Sleep(step) {
		var s status
		if s, err = p.status(); err == nil && s.stat.State != 'T' {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("pid %d is still stopped %v after SIGCONT", p.PID, continueLimit)
		}
	}
	if errors.Is(err, errGone) {
		return nil
	}
	return err
}
