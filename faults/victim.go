package faults

import (
	"cmp"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"

	"github.com/hangtime-dev/hangtime/scenarios"
)

// A choice selects workers: random (the default), oldest, all, or a place from 1.
type choice struct {
	of     string
	field  Field
	random *rand.Rand
}

func newChoice(f scenarios.Fault, field Field) (choice, error) {
	c := choice{cmp.Or(f.Worker, "random"), field, random(f, field)}
	if n, err := strconv.Atoi(c.of); !slices.Contains([]string{"random", "oldest", "all"}, c.of) && (err != nil || n < 1) {
		return c, fmt.Errorf("worker %q: want random, oldest, all, or a number from 1", c.of)
	}
	return c, needSignals(field)
}

// aim returns living workers of our own server.
func (c choice) aim() ([]target, error) {
	var alive []Worker
	for _, w := range c.field.Workers() {
		if (process{w.PID, w.Start}).alive() && below(w.PID, c.field.Arbiter) {
			alive = append(alive, w)
		}
	}
	slices.SortFunc(alive, func(a, b Worker) int { return cmp.Compare(a.Place, b.Place) })
	chosen, err := c.pick(alive)
	var targets []target
	for _, w := range chosen {
		targets = append(targets, target{words: fmt.Sprintf("worker %d (pid %d)", w.Place, w.PID), worker: w.Place, victim: process{w.PID, w.Start}})
	}
	return targets, err
}

// pick chooses among workers in the order of their places.
func (c choice) pick(alive []Worker) ([]Worker, error) {
	if len(alive) == 0 {
		return nil, errors.New("no worker is alive")
	}
	switch c.of {
	case "all":
		return alive, nil
	case "random":
		return []Worker{alive[c.random.IntN(len(alive))]}, nil
	case "oldest":
		return []Worker{slices.MinFunc(alive, func(a, b Worker) int { return cmp.Compare(a.Born, b.Born) })}, nil
	}
	for _, w := range alive {
		if strconv.Itoa(w.Place) == c.of {
			return []Worker{w}, nil
		}
	}
	return nil, fmt.Errorf("no worker is alive at place %s", c.of)
}
