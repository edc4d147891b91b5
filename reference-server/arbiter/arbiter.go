// Package arbiter is the parent of the workers: it starts, watches, kills and replaces them, as gunicorn's does. It
// answers no request.
package arbiter

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"

	"github.com/hangtime-dev/hangtime/reference-server/board"
	"github.com/hangtime-dev/hangtime/reference-server/heartbeat"
	"github.com/hangtime-dev/hangtime/reference-server/settings"
)

// An Arbiter owns its workers; all its fields but the channels belong to the goroutine that called Run.
type Arbiter struct {
	cfg        settings.Config
	account    *Account
	clock      heartbeat.Clock
	board      *board.Board
	aliveWrite *os.File // closed by the end of this process, however it comes
	pidfile    *pidfile
	hooks      *hookRunner
	upgrade    *upgrade
	launcher   *launcher
	engine     *engine
	workers    *workers
	watchdog   watchdog
	reload     func() (settings.Config, error)

	signals <-chan os.Signal
	orphan  <-chan struct{}

	stopping bool
	deadline int64 // when a server that stops kills its workers
	code     int
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
	a := &Arbiter{cfg: p.Config, account: p.Account, signals: p.Signals, orphan: p.Orphan, reload: p.Reload}
	if a.cfg.Preloads() && a.cfg.LoadApp != "ok" {
		return nil, fmt.Errorf("preload the application: load-app=%s: it was told to fail", a.cfg.LoadApp)
	}
	if err := a.open(); err != nil {
		return nil, err
	}
	a.hooks = newHookRunner(&a.cfg, a.account)
	a.watchdog = watchdog{cfg: &a.cfg, account: a.account}
	a.workers = &workers{cfg: &a.cfg, account: a.account, hooks: a.hooks, board: a.board, launcher: a.launcher,
		crashes: crashLoop{account: a.account}, news: make(chan news, board.Places), children: map[int]*child{},
		target: a.cfg.Workers}
	a.hooks.reached("nworkers_changed", os.Getpid(), Fields{"workers": a.workers.target, "before": 0})
	a.hooks.reached("on_starting", os.Getpid(), nil)
	if a.launcher.listeners = a.upgrade.listeners; a.launcher.listeners == nil {
		var err error
		if a.launcher.listeners, err = listenAll(&a.cfg, a.launcher.credential); err != nil {
			return nil, errors.Join(err, a.pidfile.remove())
		}
	}
	a.launcher.spawner = newSpawner()
	var err error
	if a.engine, err = openEngine(&a.cfg, a.account, a.launcher, a.board, a.clock); err != nil {
		return nil, errors.Join(err, a.pidfile.remove())
	}
	a.workers.engine = a.engine
	return a, nil
}

// open opens what the arbiter and its workers hold from the start on, but for the listeners.
func (a *Arbiter) open() (err error) {
	if a.clock, err = heartbeat.NewClock(); err != nil {
		return err
	}
	a.launcher = &launcher{clock: a.clock}
	if a.launcher.credential, err = credential(&a.cfg); err != nil {
		return err
	}
	if a.launcher.null, err = os.OpenFile(os.DevNull, os.O_RDWR, 0); err != nil {
		return err
	}
	if a.launcher.alive, a.aliveWrite, err = os.Pipe(); err != nil {
		return fmt.Errorf("make the workers' alive pipe: %w", err)
	}
	if a.launcher.board, a.board, err = board.Create(rand.Uint32()); err != nil {
		return err
	}
	if a.upgrade, err = newUpgrade(a.account); err != nil {
		return err
	}
	if a.cfg.PIDFile != "" {
		a.pidfile, err = createPidfile(a.cfg.PIDFile + a.upgrade.suffix())
	}
	return err
}
