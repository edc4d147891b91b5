//go:build bench

package bench

import (
	"bufio"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"
)

// The load and the harm.
const (
	posters      = 4
	kills        = 20
	engineDeaths = 10
	engineEvery  = 700 * time.Millisecond
	postLimit    = 5 * time.Minute // for all tasks: a broker that was killed is away for seconds each time
	settleLimit  = 30 * time.Second
)

// Books are what became of every task that was accepted.
type books struct{ accepted, lost, stuck, twice int }

func (b books) String() string {
	return fmt.Sprintf("%d / %d / %d of %d", b.lost, b.stuck, b.twice, b.accepted)
}

// under posts tasks while harm goes on, and says what became of them.
func under(s *server, l load, harm func()) books {
	var mu sync.Mutex
	var ids []string
	var posting sync.WaitGroup
	until := time.Now().Add(postLimit)
	for n := range posters {
		posting.Go(func() {
			c := client{address: s.address}
			defer c.close()
			due := time.NewTicker(l.every)
			defer due.Stop()
			for i := range l.tasks / posters {
				<-due.C
				body := fmt.Sprintf(`{"work":"sleep","duration":"%dms","key":"%d-%d"}`, 10+rand.IntN(41), n, i)
				if id, ok := c.post(body, until); ok {
					mu.Lock()
					ids = append(ids, id)
					mu.Unlock()
				}
			}
		})
	}
	harm()
	posting.Wait()
	return s.settle(ids)
}

// settle waits until every task has ended, for a time.
func (s *server) settle(ids []string) books {
	c := client{address: s.address}
	defer c.close()
	states := map[string]string{}
	open := ids
	for end := time.Now().Add(settleLimit); len(open) > 0 && time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		c.states(open, states)
		open = slices.DeleteFunc(slices.Clone(open), func(id string) bool {
			return states[id] != "" && states[id] != "accepted" && states[id] != "running"
		})
	}
	b := books{accepted: len(ids), stuck: len(open), twice: c.twice()}
	for _, id := range ids {
		if !slices.Contains(open, id) && states[id] != "done" {
			b.lost++
		}
	}
	return b
}

func workerKills(t *testing.T, r row) (books, []time.Duration) {
	s := serve(t, r, "--max-concurrent-tasks=8", "--logging=shared")
	defer s.end()
	died := map[int]time.Time{}
	b := under(s, r.load, func() {
		for n := range kills {
			time.Sleep(r.load.kills)
			var ready []int
			s.until("a worker is ready", func() bool { ready = s.ready(); return len(ready) > 1 })
			pid := ready[rand.IntN(len(ready))]
			died[pid] = time.Now()
			if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
				t.Errorf("kill %d: %v", n, err)
			}
		}
	})
	return b, s.begunAgain(died)
}

// begunAgain is how long after the death of its worker each task was begun again, by the workers' log.
func (s *server) begunAgain(died map[int]time.Time) []time.Duration {
	type start struct {
		at  time.Time
		pid int
	}
	f, err := os.Open(filepath.Join(s.dir, "async_tasks.log"))
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	starts := map[string][]start{}
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var line struct {
			Time    time.Time
			Msg, ID string
			PID     int
		}
		if json.Unmarshal(lines.Bytes(), &line) == nil && line.Msg == "task started" {
			starts[line.ID] = append(starts[line.ID], start{line.Time, line.PID})
		}
	}
	var after []time.Duration
	for _, all := range starts {
		slices.SortFunc(all, func(a, b start) int { return a.at.Compare(b.at) })
		for i, one := range all[:len(all)-1] {
			if death, ok := died[one.pid]; ok && !all[i+1].at.Before(death) {
				after = append(after, all[i+1].at.Sub(death))
			}
		}
	}
	return after
}

func quantiles(all []time.Duration) string {
	if len(all) == 0 {
		return "never"
	}
	sorted := slices.Sorted(slices.Values(all))
	at := func(q float64) int64 {
		return sorted[max(0, int(math.Ceil(q*float64(len(sorted))))-1)].Milliseconds()
	}
	return fmt.Sprintf("%d / %d / %d ms (%d tasks)", at(0.5), at(0.99), at(1), len(sorted))
}

func engineKills(t *testing.T, r row) books {
	s := serve(t, r, "--max-concurrent-tasks=8", "--logging=shared")
	defer s.end()
	return under(s, r.load, func() {
		for n := range engineDeaths {
			time.Sleep(engineEvery)
			if s.keeper != nil {
				s.keeper.restart()
				continue
			}
			if err := syscall.Kill(s.engines()[0], syscall.SIGKILL); err != nil {
				t.Errorf("kill %d: %v", n, err)
			}
			s.until("the engine is back", func() bool { return s.times("engine-ready") > n+1 })
		}
	})
}
