package arbiter

import (
	"math/rand/v2"
	"os"
	"slices"
	"syscall"

	"github.com/hangtime-dev/hangtime/reference-server/board"
	"github.com/hangtime-dev/hangtime/reference-server/settings"
	"github.com/hangtime-dev/hangtime/reference-server/worker"
)

// Workers are the worker processes that there are, and how many there shall be.
type workers struct {
	cfg      *settings.Config // the arbiter's, which a reload changes
	account  *Account
	hooks    *hookRunner
	board    *board.Board
	launcher *launcher
	engine   *engine
	crashes  crashLoop
	news     chan news

	children map[int]*child // by pid
	gone     int            // workers that are not replaced: respawn is off
	target   int
	age      int
	told     bool // ready was said
}

// manage starts what is missing, and tells those to leave that are too many: the oldest, and all that were started
// before a reload. Nobody is told before as many younger ones as there should be are ready, so that a reload never
// leaves fewer workers than before.
func (w *workers) manage(now int64) {
	want := max(0, w.target-w.gone)
	for n := w.staying(); n < want && now >= w.crashes.pause; n++ {
		if !w.spawn(now) {
			break
		}
	}
	staying := slices.SortedFunc(w.present(), func(x, y *child) int { return y.age - x.age }) // the youngest first
	kept := 0
	for _, c := range staying {
		if !c.old && kept < want {
			if !c.ready {
				return
			}
			kept++
		}
	}
	if kept < want {
		return
	}
	for i := len(staying) - 1; i >= 0 && i >= kept; i-- {
		w.tellToLeave(staying[i], now)
	}
}

// present gives the workers that were not told to leave.
func (w *workers) present() func(func(*child) bool) {
	return func(yield func(*child) bool) {
		for _, c := range w.children {
			if !c.leaving && !yield(c) {
				return
			}
		}
	}
}

// staying is how many workers are to go on as things are.
func (w *workers) staying() int {
	n := 0
	for c := range w.present() {
		if !c.old {
			n++
		}
	}
	return n
}

// freePlace is the lowest number that no living worker has; 0: there is none.
func (w *workers) freePlace() int {
	taken := map[int]bool{}
	for _, c := range w.children {
		taken[c.place] = true
	}
	for n := 1; n <= board.Places; n++ {
		if !taken[n] {
			return n
		}
	}
	return 0
}

func (w *workers) resize(target int) {
	if target = min(target, settings.MaxWorkers); target != w.target {
		w.setTarget(target)
	}
	w.account.Say("info", "workers-changed", Fields{"workers": w.target})
}

// setTarget says how many workers there shall be. The hook is reached also when a reload leaves the number as it was,
// as in gunicorn.
func (w *workers) setTarget(target int) {
	before := w.target
	w.target, w.gone = target, 0
	pid, start, _ := w.board.Workers.Arbiter()
	w.board.Workers.SetArbiter(pid, start, w.target)
	w.hooks.reached("nworkers_changed", os.Getpid(), Fields{"workers": target, "before": before})
}

func (w *workers) tellToLeave(c *child, now int64) {
	c.leaving = true
	c.deadline = now + int64(w.cfg.GracefulTimeout)
	w.board.Workers.Place(c.place).State.Store(board.Leaving)
	c.signal(w.account, syscall.SIGTERM)
}

// spawn starts one worker; false: it could not be started, or there is no room for it.
func (w *workers) spawn(now int64) bool {
	place := w.freePlace()
	if place == 0 {
		return false
	}
	w.age++
	limit := w.cfg.MaxRequests
	if limit > 0 && w.cfg.MaxRequestsJitter > 0 {
		limit += rand.IntN(w.cfg.MaxRequestsJitter + 1)
	}
	w.hooks.reached("pre_fork", os.Getpid(), Fields{"worker": place})
	birth := worker.Birth{Config: *w.cfg, Place: place, Age: w.age, Owner: w.board.Workers.NewOwner(), MaxRequests: limit,
		Listeners: len(w.launcher.listeners)}
	b, err := w.launcher.start(birth)
	if err != nil {
		w.account.Say("error", "worker-not-started", Fields{"worker": place, "reason": err.Error()})
		w.crashes.failed(now)
		return false
	}
	c := &child{born: b, pid: b.process.Pid, place: place, age: w.age, owner: birth.Owner, started: now}
	w.children[c.pid] = c
	p := w.board.Workers.Place(place)
	p.Owner.Store(c.owner)
	p.PID.Store(uint64(c.pid))
	p.Age.Store(uint64(c.age))
	p.Started.Store(uint64(now))
	p.Requests.Store(0)
	p.InFlight.Store(0)
	p.Beat.Store(0)
	p.LoopBeat.Store(0)
	p.State.Store(board.Starting)
	w.account.Say("info", "worker-started", Fields{"worker": place, "pid": c.pid, "age": c.age})
	go c.follow(w.news)
	return true
}

// signal sends s to each of them.
func (w *workers) signal(s syscall.Signal) {
	for _, c := range w.children {
		c.signal(w.account, s)
	}
}

// leave tells each of them to leave, by signal s.
func (w *workers) leave(s syscall.Signal) {
	for _, c := range w.children {
		c.leaving = true
		c.signal(w.account, s)
	}
}

// renew makes those that there are the old ones, after a reload.
func (w *workers) renew() {
	for _, c := range w.children {
		c.old = true
	}
	w.crashes.forget()
}
