package faults

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"golang.org/x/sys/unix"

	"github.com/hangtime-dev/hangtime/kernel/pidfd"
	"github.com/hangtime-dev/hangtime/scenarios"
)

// killHarm sends SIGKILL to a worker. What it was doing is lost; whether somebody takes its place is the server's business.
type killHarm struct{ choice }

func prepareKill(f scenarios.Fault, field Field, _ *Guardian) (harm, error) {
	c, err := newChoice(f, field)
	return killHarm{c}, err
}

func (killHarm) instant() {}

func (killHarm) strike(ctx context.Context, at target) (effect, error) {
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

// signalHarm sends a signal that the process may handle as it likes: that it was sent is the whole effect.
type signalHarm struct {
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
		return signalHarm{c, sig}, err
	}
}

func (signalHarm) instant() {}

// aim names the group where no worker is in it: that a signal to it reaches nobody is a result.
func (s signalHarm) aim(ctx context.Context) ([]target, error) {
	all, err := s.choice.aim(ctx)
	if err == nil && len(all) == 0 {
		all = []target{{words: "the arbiter's process group"}}
	}
	return all, err
}

func (s signalHarm) strike(_ context.Context, at target) (effect, error) {
	if at.victim.PID == 0 {
		return effect{detail: "no worker is in the arbiter's process group: the signal reaches none"}, nil
	}
	if err := at.victim.signal(s.signal); err != nil {
		return effect{}, err
	}
	return effect{pid: at.victim.PID, detail: unix.SignalName(s.signal) + " sent"}, nil
}
