// Package arbiter is the parent of the workers: it starts, watches, kills and replaces them, as gunicorn's does. It answers no request.
package arbiter

import (
	"fmt"
	"math/rand/v2"
	"os"
	"sync"
	"syscall"
	"time"

	"github.com/hangtime-dev/hangtime/reference-server/board"
	"github.com/hangtime-dev/hangtime/reference-server/heartbeat"
	"github.com/hangtime-dev/hangtime/reference-server/settings"
	"github.com/hangtime-dev/hangtime/reference-server/worker"
)

// Times of the arbiter's own.
const (
	round      = 250 * time.Millisecond // how often it looks at heartbeats
	killAfter  = time.Second            // from ABRT to KILL, as long as one round of gunicorn's
	quickLimit = time.Second            // what a quick end leaves the workers
	lateLimit  = time.Second            // a round that comes later than this was not the workers' fault
	youngLife  = 2 * time.Second        // a worker that dies younger is suspected of a crash loop
	firstPause = 100 * time.Millisecond // before the third such start; doubled for each further one
	longPause  = 10 * time.Second
)

// An Arbiter owns its workers; all its fields but the channels belong to the goroutine that called Run.
type Arbiter struct {
	cfg        settings.Config
	account    *Account
	clock      heartbeat.Clock
	self       string
	null       *os.File
	boardFile  *os.File
	board      *board.Board
	aliveRead  *os.File // what workers inherit
	aliveWrite *os.File // closed by the end of this process, however it comes
	listeners  []*Listener
	credential *syscall.Credential
	spawner    *spawner
	followers  sync.WaitGroup

	signals <-chan os.Signal
	exits   chan exit
	said    chan said
	orphan  <-chan struct{}

	children map[int]*child // by pid
	dead     map[int]bool   // places that are not filled again: respawn is off
	target   int
	age      int
	told     bool  // ready was said
	floor    int64 // heartbeats count from here: the arbiter itself was away before
	lastLook int64
	young    int   // workers that died young, one after the other
	pause    int64 // no worker is started before
	stopping bool
	deadline int64
	code     int
}

type child struct {
	born
	pid      int
	place    int
	age      int
	owner    uint64
	started  int64
	ready    bool
	leaving  bool  // it was told to leave
	deadline int64 // when it is killed; 0: not
	aborted  bool
}

type exit struct {
	child *child
	state *os.ProcessState
	err   error
}

type said struct {
	child  *child
	fields map[string]any
}

// Parts are what an arbiter is made of.
type Parts struct {
	Config  settings.Config
	Account *Account
	Signals <-chan os.Signal
	Orphan  <-chan struct{} // closed when the process that started the server is gone; nil: never
}

// New makes an arbiter that listens and has no workers.
func New(p Parts) (*Arbiter, error) {
	a := &Arbiter{cfg: p.Config, account: p.Account, signals: p.Signals, orphan: p.Orphan, children: map[int]*child{}, dead: map[int]bool{},
		exits: make(chan exit, board.Places), said: make(chan said, board.Places), target: p.Config.Workers}
	var err error
	if a.clock, err = heartbeat.NewClock(); err != nil {
		return nil, err
	}
	if a.self, err = os.Executable(); err != nil {
		return nil, fmt.Errorf("find this program's own file: %w", err)
	}
	if a.null, err = os.OpenFile(os.DevNull, os.O_RDWR, 0); err != nil {
		return nil, err
	}
	if a.aliveRead, a.aliveWrite, err = os.Pipe(); err != nil {
		return nil, fmt.Errorf("make the workers' alive pipe: %w", err)
	}
	if a.boardFile, a.board, err = board.Create(rand.Uint32()); err != nil {
		return nil, err
	}
	for _, bind := range p.Config.Bind {
		l, err := Listen(bind, p.Config.Backlog, p.Config.ReusePort)
		if err != nil {
			return nil, err
		}
		a.listeners = append(a.listeners, l)
	}
	a.spawner = newSpawner()
	return a, nil
}

func (a *Arbiter) listenersFor(int) []*Listener { return a.listeners }

// Run serves until it is told to stop, and returns the exit code.
func (a *Arbiter) Run() int {
	now := a.clock.Now()
	a.board.SetArbiter(os.Getpid(), now, a.target)
	a.floor, a.lastLook = now, now
	for _, l := range a.listeners {
		a.account.Say("info", "listening", Fields{"address": l.Address, "pid": os.Getpid()})
	}
	a.manage(now)
	timer := time.NewTicker(round)
	defer timer.Stop()
	for !a.stopping || len(a.children) > 0 {
		select {
		case s := <-a.signals:
			a.signalled(s)
		case e := <-a.exits:
			a.reap(e)
		case s := <-a.said:
			a.heard(s)
		case <-timer.C:
		case <-a.orphan:
			a.orphan = nil
			a.account.Say("warning", "parent-gone", Fields{"pid": os.Getpid()})
			a.stop(false)
		}
		now := a.clock.Now()
		a.murder(now)
		a.manage(now)
	}
	a.account.Say("info", "stopped", Fields{"pid": os.Getpid(), "code": a.code})
	for _, l := range a.listeners {
		_ = l.Close(true)
	}
	return a.code
}

func (a *Arbiter) signalled(s os.Signal) {
	switch s {
	case syscall.SIGTERM:
		a.stop(true)
	case syscall.SIGINT, syscall.SIGQUIT:
		a.stop(false)
	case syscall.SIGTTIN:
		a.resize(a.target + 1)
	case syscall.SIGTTOU:
		a.resize(max(1, a.target-1))
	case syscall.SIGUSR1:
		for _, c := range a.children {
			a.signal(c, syscall.SIGUSR1)
		}
	}
}

func (a *Arbiter) resize(target int) {
	a.target = min(target, settings.MaxWorkers)
	pid, start, _ := a.board.Arbiter()
	a.board.SetArbiter(pid, start, a.target)
	a.account.Say("info", "workers-changed", Fields{"workers": a.target})
}

// manage starts what is missing and tells the oldest to leave when there are too many.
func (a *Arbiter) manage(now int64) {
	if a.stopping || now < a.pause {
		return
	}
	filled := map[int]bool{}
	staying := 0
	for _, c := range a.children {
		if !c.leaving {
			filled[c.place] = true
			staying++
		}
	}
	for place := 1; place <= a.target && !a.stopping && now >= a.pause; place++ {
		if !filled[place] && !a.dead[place] {
			a.spawn(place, now)
		}
	}
	for ; staying > a.target; staying-- {
		var oldest *child
		for _, c := range a.children {
			if !c.leaving && c.place > a.target && (oldest == nil || c.age < oldest.age) {
				oldest = c
			}
		}
		if oldest == nil {
			return
		}
		a.tellToLeave(oldest, now)
	}
}

func (a *Arbiter) tellToLeave(c *child, now int64) {
	c.leaving = true
	c.deadline = now + int64(a.cfg.GracefulTimeout)
	a.board.Place(c.place).State.Store(board.Leaving)
	a.signal(c, syscall.SIGTERM)
}

func (a *Arbiter) spawn(place int, now int64) {
	a.age++
	limit := a.cfg.MaxRequests
	if limit > 0 && a.cfg.MaxRequestsJitter > 0 {
		limit += rand.IntN(a.cfg.MaxRequestsJitter + 1)
	}
	birth := worker.Birth{Config: a.cfg, Place: place, Age: a.age, Owner: a.board.NewOwner(), MaxRequests: limit, Listeners: len(a.listenersFor(place))}
	b, err := a.start(birth)
	if err != nil {
		a.account.Say("error", "worker-not-started", Fields{"worker": place, "reason": err.Error()})
		a.backOff(now)
		return
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
	a.follow(c)
}

func (a *Arbiter) heard(s said) {
	event, _ := s.fields["event"].(string)
	c := s.child
	fields := Fields{"worker": c.place, "pid": c.pid}
	for k, v := range s.fields {
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
		a.account.Say("info", "hook", fields)
	default:
		a.account.Say("info", "worker-"+event, fields)
	}
}

func (a *Arbiter) sayReady() {
	if a.told {
		return
	}
	ready := 0
	for _, c := range a.children {
		if c.ready && !c.leaving {
			ready++
		}
	}
	if ready >= a.target {
		a.told = true
		a.account.Say("info", "ready", Fields{"workers": ready, "pid": os.Getpid()})
	}
}
