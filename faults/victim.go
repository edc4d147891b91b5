package faults

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"time"

	"github.com/hangtime-dev/hangtime/scenarios"
)

// A choice selects processes of our own server: workers by random (the default), oldest, busiest, all or a place from
// 1; the arbiter; server, which is the arbiter and all workers; group, which is the workers in the arbiter's process
// group: those that a Ctrl-C at its terminal reaches; or engine, which is the process that keeps its tasks.
type choice struct {
	of     string
	field  Field
	random *rand.Rand
}

// choices are the choices that are no numbers.
func choices() []string {
	return []string{"random", "oldest", "busiest", "all", "arbiter", "server", "group", "engine"}
}

func newChoice(f scenarios.Fault, field Field) (choice, error) {
	c := choice{cmp.Or(f.Worker, "random"), field, seeded(f, field)}
	if n, err := strconv.Atoi(c.of); !slices.Contains(choices(), c.of) && (err != nil || n < 1) {
		return c, fmt.Errorf("worker %q: want random, oldest, busiest, all, arbiter, server, group, engine, or a number from 1", c.of)
	}
	return c, needSignals(field)
}

// aim returns living processes of our own server.
func (c choice) aim(ctx context.Context) ([]target, error) {
	arbiter, err := identify(c.field.Arbiter)
	if err != nil {
		return nil, fmt.Errorf("the arbiter: %w", err)
	}
	first := target{words: fmt.Sprintf("the arbiter (pid %d)", arbiter.PID), victim: arbiter}
	if c.of == "arbiter" {
		return []target{first}, nil
	}
	if c.of == "engine" {
		return c.engine()
	}
	chosen, err := c.pick(ctx, c.soonAlive(ctx))
	if err != nil {
		return nil, err
	}
	var targets []target
	if c.of == "server" {
		targets = append(targets, first)
	}
	for _, w := range chosen {
		targets = append(targets, target{words: fmt.Sprintf("worker %d (pid %d)", w.Place, w.PID), worker: w.Place,
			victim: process{w.PID, w.Start}})
	}
	return targets, nil
}

// engine is the process that keeps the tasks: that which the server names, if it is one of its own.
func (c choice) engine() ([]target, error) {
	pid := 0
	if c.field.Engine != nil {
		pid = c.field.Engine()
	}
	if pid == 0 {
		return nil, errors.New("the server has no task engine of its own; want server.tasks: jetstream")
	}
	if !descends(pid, c.field.Arbiter) {
		return nil, fmt.Errorf("the task engine (pid %d) is not alive, or not the server's own", pid)
	}
	victim, err := identify(pid)
	if err != nil {
		return nil, fmt.Errorf("the task engine: %w", err)
	}
	return []target{{words: fmt.Sprintf("the task engine (pid %d)", pid), victim: victim}}, nil
}

// alive are the workers in the order of their places.
func (c choice) alive() []Worker {
	var alive []Worker
	for _, w := range c.field.Workers() {
		if (process{w.PID, w.Start}).alive() && descends(w.PID, c.field.Arbiter) {
			alive = append(alive, w)
		}
	}
	slices.SortFunc(alive, func(a, b Worker) int { return cmp.Compare(a.Place, b.Place) })
	return alive
}

// soonAlive are the workers that are alive, or that are born soon: where a worker lives for one task there is none between
// two tasks.
func (c choice) soonAlive(ctx context.Context) []Worker {
	const soon, look = 500 * time.Millisecond, 10 * time.Millisecond
	for began := time.Now(); ; {
		alive := c.alive()
		if len(alive) > 0 || c.of == "server" || time.Since(began) >= soon || !sleep(ctx, look) {
			return alive
		}
	}
}

// pick chooses among workers in the order of their places.
func (c choice) pick(ctx context.Context, alive []Worker) ([]Worker, error) {
	if len(alive) == 0 && c.of != "server" {
		return nil, errors.New("no worker is alive")
	}
	switch c.of {
	case "all", "server":
		return alive, nil
	case "group":
		return inGroup(alive, c.field.Arbiter)
	case "random":
		return []Worker{alive[c.random.IntN(len(alive))]}, nil
	case "oldest":
		return []Worker{slices.MinFunc(alive, func(a, b Worker) int { return cmp.Compare(a.Born, b.Born) })}, nil
	case "busiest":
		return busiest(ctx, alive)
	}
	for _, w := range alive {
		if strconv.Itoa(w.Place) == c.of {
			return []Worker{w}, nil
		}
	}
	return nil, fmt.Errorf("no worker is alive at place %s", c.of)
}

// inGroup are the workers in the process group of the arbiter; there may be none.
func inGroup(alive []Worker, arbiter int) ([]Worker, error) {
	first, err := readStatus(arbiter)
	if err != nil {
		return nil, fmt.Errorf("the arbiter: %w", err)
	}
	return slices.DeleteFunc(alive, func(w Worker) bool {
		s, err := readStatus(w.PID)
		return err != nil || s.stat.Group != first.stat.Group
	}), nil
}

// busyFor is the time over which the busiest worker is the one that used most of a processor.
const busyFor = 200 * time.Millisecond

// busiest watches all of them for a moment; where ctx ends meanwhile nobody was chosen.
func busiest(ctx context.Context, alive []Worker) ([]Worker, error) {
	used := func() map[int]time.Duration {
		all := map[int]time.Duration{}
		for _, w := range alive {
			if s, err := readStatus(w.PID); err == nil {
				all[w.PID] = s.stat.CPU
			}
		}
		return all
	}
	before := used()
	if !sleep(ctx, busyFor) {
		return nil, fmt.Errorf("choose the busiest worker: %w", context.Cause(ctx))
	}
	after := used()
	return []Worker{slices.MaxFunc(alive, func(a, b Worker) int {
		return cmp.Compare(after[a.PID]-before[a.PID], after[b.PID]-before[b.PID])
	})}, nil
}
