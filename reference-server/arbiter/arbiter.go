// Package arbiter is the parent of the workers: it starts, watches, kills and replaces them, as gunicorn's does. It
// answers no request.
package arbiter

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"syscall"
	"time"

	"github.com/hangtime-dev/hangtime/reference-server/board"
	"github.com/hangtime-dev/hangtime/reference-server/heartbeat"
	"github.com/hangtime-dev/hangtime/reference-server/settings"
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
	null       *os.File
	boardFile  *os.File
	board      *board.Board
	aliveRead  *os.File // what workers inherit
	aliveWrite *os.File // closed by the end of this process, however it comes
	listeners  []*Listener
	credential *syscall.Credential
	pidfile    *pidfile
	hooks      *hookRunner
	upgrade    *upgrade
	reload     func() (settings.Config, error)
	spawner    *spawner

	signals <-chan os.Signal
	news    chan news
	orphan  <-chan struct{}

	children map[int]*child // by pid
	gone     int            // workers that are not replaced: respawn is off
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
	old      bool  // it was started before the last reload: it leaves as soon as the new ones are ready
	deadline int64 // when it is killed; 0: not
	aborted  bool
}

// A news is a line that a child said, or, after all of these, how it ended. Both come over one channel, so that the
// end cannot overtake what was said before it.
type news struct {
	child  *child
	fields map[string]any
	ended  bool
	state  *os.ProcessState // nil: it is not known
}

// Parts are what an arbiter is made of.
type Parts struct {
	Config  settings.Config
	Reload  func() (settings.Config, error) // what HUP does; nil: the settings stay
	Account *Account
	Signals <-chan os.Signal
	Orphan  <-chan struct{} // closed when the process that started the server is gone; nil: never
}

// New makes an arbiter that listens and has no workers.
func New(p Parts) (*Arbiter, error) {
	a := &Arbiter{cfg: p.Config, account: p.Account, signals: p.Signals, orphan: p.Orphan, reload: p.Reload,
		children: map[int]*child{},
		news:     make(chan news, board.Places), target: p.Config.Workers}
	if a.cfg.Preloads() && a.cfg.LoadApp != "ok" {
		return nil, fmt.Errorf("preload the application: load-app=%s: it was told to fail", a.cfg.LoadApp)
	}
	var err error
	if a.clock, err = heartbeat.NewClock(); err != nil {
		return nil, err
	}
	if a.credential, err = credential(&a.cfg); err != nil {
		return nil, err
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
	if a.upgrade, err = newUpgrade(); err != nil {
		return nil, err
	}
	if a.cfg.PIDFile != "" {
		if a.pidfile, err = createPidfile(a.cfg.PIDFile + a.upgrade.suffix()); err != nil {
			return nil, err
		}
	}
	a.hooks = newHookRunner(&a.cfg)
	a.hook("nworkers_changed", os.Getpid(), Fields{"workers": a.target, "before": 0})
	a.hook("on_starting", os.Getpid(), nil)
	if a.listeners = a.upgrade.listeners; a.listeners == nil {
		if a.listeners, err = listenAll(&a.cfg, a.credential); err != nil {
			return nil, errors.Join(err, a.pidfile.remove())
		}
	}
	a.spawner = newSpawner()
	return a, nil
}

// Run serves until it is told to stop, and returns the exit code.
func (a *Arbiter) Run() int {
	now := a.clock.Now()
	a.board.SetArbiter(os.Getpid(), now, a.target)
	a.floor, a.lastLook = now, now
	for _, l := range a.listeners {
		a.account.Say("info", "listening", Fields{"address": l.Address, "pid": os.Getpid()})
	}
	a.hook("when_ready", os.Getpid(), nil)
	a.manage(now)
	timer := time.NewTicker(round)
	defer timer.Stop()
	for !a.stopping || len(a.children) > 0 {
		select {
		case s := <-a.signals:
			a.signalled(s)
		case n := <-a.news:
			if n.ended {
				a.reap(n.child, n.state)
			} else {
				a.heard(n.child, n.fields)
			}
		case e := <-a.hooks.ended:
			a.hookEnded(e)
		case e := <-a.upgrade.ended:
			a.upgradeEnded(e)
		case <-timer.C:
		case <-a.orphan:
			a.orphan = nil
			a.account.Say("warning", "parent-gone", Fields{"pid": os.Getpid()})
			a.stop(false)
		}
		now := a.clock.Now()
		a.promote()
		a.murder(now)
		a.manage(now)
		a.reapOrphans()
	}
	a.hook("on_exit", os.Getpid(), nil)
	a.lastHooks()
	if err := a.pidfile.remove(); err != nil {
		a.account.Say("error", "pidfile-not-removed", Fields{"reason": err.Error()})
	}
	a.account.Say("info", "stopped", Fields{"pid": os.Getpid(), "code": a.code})
	return a.code
}
