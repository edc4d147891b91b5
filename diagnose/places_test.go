package diagnose

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/hangtime-dev/hangtime/history"
)

// A change is a death or a birth of a pool whose places are counted.
type change struct {
	pid  int
	born bool
}

// asProbeTells are the records of changes in an order, with the places that the probe gives: a worker that is born
// gets the lowest place that no living one has.
func asProbeTells(pool int, at time.Duration, order []change) []moment {
	places := map[int]int{} // of the living
	for i := range pool {
		places[100+i] = i + 1
	}
	free := func() int {
		for place := 1; ; place++ {
			taken := false
			for _, have := range places {
				taken = taken || have == place
			}
			if !taken {
				return place
			}
		}
	}
	var all []moment
	for i, c := range order {
		when := at + time.Duration(i)*ms
		if c.born {
			places[c.pid] = free()
			all = append(all, moment{when, history.WorkerSeen{PID: c.pid, Worker: places[c.pid], Born: when}})
		} else {
			all = append(all, moment{when, history.WorkerGone{PID: c.pid, Worker: places[c.pid], Signal: "SIGKILL",
				By: "arbiter"}})
			delete(places, c.pid)
		}
	}
	return all
}

// Deaths and the births of those that take their places come in any order: a pool of four of which three died and
// were replaced within some milliseconds is a pool of four.
func TestDeathsAndBirthsInAnyOrderLeaveTheSamePool(t *testing.T) {
	const pool = 4
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 5))
		deaths := 1 + r.IntN(pool)
		var order []change
		for i := range deaths {
			order = append(order, change{100 + i, false}, change{200 + i, true})
		}
		r.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		var begin []moment
		begin = append(begin, at(0, history.ServerStarted{PID: 99})...)
		for i := range pool {
			begin = append(begin, at(0, history.WorkerSeen{PID: 100 + i, Worker: i + 1})...)
		}
		begin = append(begin, at(0, history.PhaseStarted{Phase: history.Before})...)
		f := fold(script(begin, asProbeTells(pool, 3*s, order), at(6*s, history.Tick{})))
		var pids []int
		dead := 0
		for _, w := range f.Workers() {
			if w.State == Dead {
				dead++
			} else {
				pids = append(pids, w.PID)
			}
		}
		slices.Sort(pids)
		var want []int
		for i := range pool {
			if i >= deaths {
				want = append(want, 100+i)
			}
		}
		for i := range deaths {
			want = append(want, 200+i)
		}
		if dead > 0 || fmt.Sprint(pids) != fmt.Sprint(want) {
			t.Fatalf("order %v: %d of %d places are dead, the living are %v, want none dead and %v", order, dead,
				len(f.Workers()), pids, want)
		}
	}
}
