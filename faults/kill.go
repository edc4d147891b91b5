package faults

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/unix"

	"github.com/hangtime-dev/hangtime/kernel/pidfd"
	"github.com/hangtime-dev/hangtime/scenarios"
)

// deathLimit is how long a killed process may take to end: longer than any that is not stuck in the kernel.
const deathLimit = 5 * time.Second

// kill sends SIGKILL to a worker. What it was doing is lost; whether somebody takes its place is the server's business.
type kill struct{ choice }

func prepareKill(f scenarios.Fault, field Field, _ *Guardian) (harm, error) {
	c, err := newChoice(f, field)
	return kill{c}, err
}

func (kill) instant() {}

func (kill) strike(ctx context.Context, at target) (effect, error) {
	fd, err := at.victim.open()
	if err != nil {
		return effect{}, err
	}
	defer unix.Close(fd)
	began := time.Now()
	if err := sendTo(fd, at.victim.PID, unix.SIGKILL); err != nil {
		return effect{}, err
	}
	for !pidfd.AwaitEnd(fd, 50*time.Millisecond) {
		if ctx.Err() != nil || time.Since(began) > deathLimit {
			return effect{}, fmt.Errorf("pid %d has not ended %v after SIGKILL", at.victim.PID,
				time.Since(began).Round(time.Millisecond))
		}
	}
	return effect{pid: at.victim.PID, detail: fmt.Sprintf("SIGKILL, dead after %v",
		time.Since(began).Round(time.Millisecond))}, nil
}

// send sends a signal that the process may handle as it likes: that it was sent is the whole effect.
type send struct {
	choice
	signal unix.Signal
}

// sends prepares a signal of a name; the empty one is that which the scenario says.
func sends(name string) func(scenarios.Fault, Field, *Guardian) (harm, error) {
	return func(f scenarios.Fault, field Field, _ *Guardian) (harm, error) {
		c, err := newChoice(f, field)
		name := cmp.Or(name, f.Signal)
		sig := unix.SignalNum(name)
		if err == nil && sig == 0 {
			err = fmt.Errorf("no signal is called %q; want one such as SIGHUP", name)
		}
		return send{c, sig}, err
	}
}

func (send) instant() {}

// aim names the group where no worker is in it: that a signal to it reaches nobody is a result.
func (s send) aim(ctx context.Context) ([]target, error) {
	all, err := s.choice.aim(ctx)
	if err == nil && len(all) == 0 {
		all = []target{{words: "the arbiter's process group"}}
	}
	return all, err
}

func (s send) strike(_ context.Context, at target) (effect, error) {
	if at.victim.PID == 0 {
		return effect{detail: "no worker is in the arbiter's process group: the signal reaches none"}, nil
	}
	if err := at.victim.signal(s.signal); err != nil {
		return effect{}, err
	}
	return effect{pid: at.victim.PID, detail: unix.SignalName(s.signal) + " sent"}, nil
}

// stop sends SIGSTOP to a worker and SIGCONT at its end.
type stop struct {
	choice
	guardian *Guardian
}

func prepareStop(f scenarios.Fault, field Field, g *Guardian) (harm, error) {
	c, err := newChoice(f, field)
	return stop{c, g}, err
}

const stopLimit = 2 * time.Second

func (s stop) strike(ctx context.Context, at target) (effect, error) {
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

// spare is how much longer than a fault its record may live: the guardian mends only what we failed to.
const spare = 5 * time.Second

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
