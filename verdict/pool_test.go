package verdict

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/hangtime-dev/hangtime/history"
)

// inOrder is a pool of four in which deaths and births come in an order, each a pid: below 200 one that dies, else
// one that is born. Places are given as the probe does: the lowest that no living worker has. A negative one dies,
// whenever it was born.
func inOrder(order []int, apart time.Duration) pool {
	p := newPool()
	places := map[int]int{}
	born := func(at time.Duration, pid int, loaded bool) {
		place := 1
		for taken := true; taken; {
			taken = false
			for _, have := range places {
				if have == place {
					taken = true
				}
			}
			if taken {
				place++
			}
		}
		places[pid] = place
		p.seen(at, history.WorkerSeen{PID: pid, Worker: place}, loaded)
	}
	for i := range 4 {
		born(0, 100+i, false)
	}
	at := 3 * s
	for _, pid := range order {
		at += apart
		if pid >= 200 {
			born(at, pid, true)
			continue
		}
		pid = max(pid, -pid)
		p.gone(at, history.WorkerGone{PID: pid, Worker: places[pid], Signal: "SIGKILL"}, true)
		delete(places, pid)
	}
	return p
}

// Deaths and the births of those that take their places come in any order: nobody is missing after as many births as deaths.
func TestNobodyIsMissingWhateverTheOrderOfDeathsAndBirths(t *testing.T) {
	for seed := range uint64(500) {
		r := rand.New(rand.NewPCG(seed, 1))
		var order []int
		deaths := 1 + r.IntN(4)
		for i := range deaths {
			order = append(order, 100+i, 200+i)
		}
		r.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		p := inOrder(order, time.Millisecond)
		if p.missing() != 0 || p.deaths != deaths || len(p.places) != 4 || p.replaced < 0 {
			t.Fatalf("order %v: %d deaths, %d missing in a pool of %d, replaced within %v", order, p.deaths,
				p.missing(), len(p.places), p.replaced)
		}
	}
}

func TestWhoIsMissing(t *testing.T) {
	for _, row := range []struct {
		name            string
		order           []int
		apart           time.Duration
		missing, places int
		replaced        time.Duration
	}{
		{"a death that nobody makes good", []int{100}, time.Second, 1, 4, -1},
		{"two deaths, one successor that was seen first", []int{200, 100, 101}, time.Millisecond, 1, 4, 0},
		{"two deaths, one successor between them", []int{100, 200, 101}, 300 * time.Millisecond, 1, 4,
			300 * time.Millisecond},
		{"a pool that was made larger long before a death", []int{200, 100}, 3 * time.Second, 1, 5, -1},
		{"a successor that dies too", []int{200, 100, -200}, time.Millisecond, 1, 4, 0},
	} {
		if p := inOrder(row.order, row.apart); p.missing() != row.missing || len(p.places) != row.places ||
			p.replaced != row.replaced {
			t.Errorf("%s: %d missing of %d, replaced within %v", row.name, p.missing(), len(p.places), p.replaced)
		}
	}
}
