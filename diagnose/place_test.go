package diagnose

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hangtime-dev/hangtime/history"
)

// placesOf writes the places of a pool: "1 2x dead" is place 1, which two processes have had and whose last is gone.
func placesOf(f *Fold) string {
	var all []string
	for _, w := range f.Workers() {
		state := "lives"
		if w.State == Dead {
			state = "dead"
		}
		all = append(all, fmt.Sprintf("%d %dx %s", w.Place, w.Lives, state))
	}
	return strings.Join(all, ", ")
}

// restart is a pool of four old workers of which some die at one moment while others are born. Whether the births or
// the deaths are recorded first nobody knows; the number that the history gives a newcomer is the lowest that is free then.
func restart(r *rand.Rand, deaths, births int, shuffle bool) []history.Record {
	parts := [][]moment{pool(4)}
	for i := range 4 {
		parts = append(parts, healthy(1+i, 101+i, 1*s, 5*s))
	}
	taken := map[int]bool{1: true, 2: true, 3: true, 4: true}
	order := slices.Concat(slices.Repeat([]bool{true}, deaths), slices.Repeat([]bool{false}, births)) // true: a death
	dying := []int{1, 2, 3, 4}[:deaths]
	if shuffle {
		r.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		r.Shuffle(len(dying), func(i, j int) { dying[i], dying[j] = dying[j], dying[i] })
	}
	born := 0
	for i, death := range order {
		t := 5*s + time.Duration(i)*ms
		if death {
			number := dying[0]
			dying = dying[1:]
			taken[number] = false
			parts = append(parts, at(t, history.WorkerGone{PID: 100 + number, Worker: number, Signal: "SIGKILL"}))
			continue
		}
		number := 1
		for taken[number] {
			number++
		}
		taken[number] = true
		born++
		parts = append(parts, at(t, history.WorkerSeen{PID: 200 + born, Worker: number, Born: t}))
	}
	return script(append(parts, at(7*s, history.Tick{}))...)
}

func TestPlacesDoNotDependOnTheOrderOfBirthsAndDeaths(t *testing.T) {
	for deaths := range 5 {
		for births := range 6 {
			want := placesOf(fold(restart(nil, deaths, births, false)))
			for seed := range uint64(30) {
				records := restart(rand.New(rand.NewPCG(seed, 7)), deaths, births, true)
				if got := placesOf(fold(records)); got != want {
					t.Fatalf("%d deaths, %d births, seed %d: got %s, want %s", deaths, births, seed, got, want)
				}
			}
		}
	}
	if got, want := placesOf(fold(restart(nil, 3, 3, false))),
		"1 2x lives, 2 2x lives, 3 2x lives, 4 1x lives"; got != want {
		t.Errorf("three deaths and their successors: got %s, want %s", got, want)
	}
}

func TestAPlaceThatTheServerGaveUpVanishes(t *testing.T) {
	leave := func(gone history.WorkerGone, until time.Duration) *Fold {
		gone.PID, gone.Worker = 102, 2
		return fold(script(pool(2), healthy(1, 101, 1*s, until), at(5*s, gone)))
	}
	for _, row := range []struct {
		name string
		f    *Fold
		want string
	}{
		{"at first it may be taken again", leave(history.WorkerGone{}, 5500*ms), "1 1x lives, 2 1x dead"},
		{"it left as it was meant to, and nobody took its place", leave(history.WorkerGone{}, 7*s), "1 1x lives"},
		{"it crashed, and its successor is missing", leave(history.WorkerGone{Signal: "SIGSEGV"}, 7*s),
			"1 1x lives, 2 1x dead"},
	} {
		if got := placesOf(row.f); got != row.want {
			t.Errorf("%s: got %s, want %s", row.name, got, row.want)
		}
	}
}
