package arbiter

import (
	"math/rand/v2"
	"os"
	"slices"
	"syscall"

	"github.com/hangtime-dev/hangtime/reference-server/board"
	"github.com/hangtime-dev/hangtime/reference-server/worker"
)

// manage starts what is missing, and tells those to leave that are too many: the oldest, and all that were started
// before a reload. Nobody is told before as many younger ones as there should be are ready, so that a reload never
// leaves fewer workers than before.
func (a *Arbiter) manage(now int64) {
	if a.stopping {
		return
	}
	want := max(0, a.target-a.gone)
	for n := a.staying(); n < want && now >= a.pause; n++ {
		if !a.spawn(now) {
			break
		}
	}
	staying := slices.SortedFunc(a.present(), func(x, y *child) int { return y.age - x.age }) // the youngest first
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
		a.tellToLeave(staying[i], now)
	}
}

// present gives the workers that were not told to leave.
func (a *Arbiter) present() func(func(*child) bool) {
	return func(yield func(*child) bool) {
		for _, c := range a.children {
			if !c.leaving && !yield(c) {
				return
			}
		}
	}
}

// staying is how many workers are to go on as things are.
func (a *Arbiter) staying() int {
	n := 0
	for c := range a.present() {
		if !c.old {
			n++
		}
	}
	return n
}

// freePlace is the lowest number that no living worker has; 0: there is none.
func (a *Arbiter) freePlace() int {
	taken := map[int]bool{}
	for _, c := range a.children {
		taken[c.place] = true
	}
	for n := 1; n <= board.Places; n++ {
		if !taken[n] {
			return n
		}
	}
	return 0
}

func (a *Arbiter) resize(target int) {
	if target = min(target, maxWorkers); target != a.target {
		a.setTarget(target)
	}
	a.account.Say("info", "workers-changed", Fields{"workers": a.target})
}

// setTarget says how many workers there shall be. The hook is reached also when a reload leaves the number as it was,
// as in gunicorn.
func (a *Arbiter) setTarget(target int) {
	before := a.target
	a.target, a.gone = target, 0
	pid, start, _ := a.board.Arbiter()
	a.board.SetArbiter(pid, start, a.target)
	a.hook("nworkers_changed", os.Getpid(), Fields{"workers": target, "before": before})
}

func (a *Arbiter) tellToLeave(c *child, now int64) {
	c.leaving = true
	c.deadline = now + int64(a.cfg.GracefulTimeout)
	a.board.Place(c.place).State.Store(board.Leaving)
	a.signal(c, syscall.SIGTERM)
}

// spawn starts one worker; false: it could not be started, or there is no room for it.
func (a *Arbiter) spawn(now int64) bool {
	place := a.freePlace()
	if place == 0 {
		return false
	}
	a.age++
	limit := a.cfg.MaxRequests
	if limit > 0 && a.cfg.MaxRequestsJitter > 0 {
		limit += rand.IntN(a.cfg.MaxRequestsJitter + 1)
	}
	a.hook("pre_fork", os.Getpid(), Fields{"worker": place})
	birth := worker.Birth{Config: a.cfg, Place: place, Age: a.age, Owner: a.board.NewOwner(), MaxRequests: limit,
		Listeners: len(a.listeners)}
	b, err := a.start(birth)
	if err != nil {
		a.account.Say("error", "worker-not-started", Fields{"worker": place, "reason": err.Error()})
		a.young++
		a.backOff(now)
		return false
	}
	c := &child{born: b, pid: b.process.Pid, place: place, age: a.age, owner: birth.Owner, started: now}
	a.children[c.pid] = c
	p := a.board.Place(place)
	p.Owner.Store(c.owner)
	p.PID.Store(uint64(c.pid))
	p.Age.Store(uint64(c.age))
	p.Started.Store(uint64(now))
	p.Requests.Store(0)
	p.InFlight.Store(0)
	p.Beat.Store(0)
	p.LoopBeat.Store(0)
	p.State.Store(board.Starting)
	a.account.Say("info", "worker-started", Fields{"worker": place, "pid": c.pid, "age": c.age})
	go a.follow(c)
	return true
}

func (a *Arbiter) heard(c *child, line map[string]any) {
	event, _ := line["event"].(string)
	fields := Fields{"worker": c.place, "pid": c.pid}
	for k, v := range line {
		if k != "event" {
			fields[k] = v
		}
	}
	switch event {
	case "ready":
		c.ready = true
		if !c.leaving {
			a.board.Place(c.place).State.Store(board.Ready)
		}
		a.account.Say("info", "worker-ready", fields)
		a.sayReady()
	case "boot-failed":
		a.account.Say("error", "worker-boot-failed", fields)
	case "hook":
		name, _ := line["name"].(string)
		a.hook(name, c.pid, Fields{"worker": c.place})
	default:
		a.account.Say("info", "worker-"+event, fields)
	}
}

func (a *Arbiter) sayReady() {
	if a.told {
		return
	}
	ready := 0
	for c := range a.present() {
		if c.ready && !c.old {
			ready++
		}
	}
	if ready >= a.target {
		a.told = true
		a.account.Say("info", "ready", Fields{"workers": ready, "pid": os.Getpid()})
	}
}
