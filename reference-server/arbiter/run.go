package arbiter

import (
	"os"
	"syscall"
	"time"
)

// quickLimit is what a quick end leaves the workers.
const quickLimit = time.Second

// Run serves until it is told to stop, and returns the exit code.
func (a *Arbiter) Run() int {
	now := a.clock.Now()
	a.board.Workers.SetArbiter(os.Getpid(), now, a.workers.target)
	a.watchdog.floor, a.watchdog.lastLook = now, now
	for _, l := range a.launcher.listeners {
		a.account.Say("info", "listening", Fields{"address": l.Address, "pid": os.Getpid()})
	}
	a.hooks.reached("when_ready", os.Getpid(), nil)
	a.workers.manage(now)
	timer := time.NewTicker(round)
	defer timer.Stop()
	for !a.stopping || len(a.workers.children) > 0 {
		select {
		case s := <-a.signals:
			a.signalled(s)
		case n := <-a.workers.news:
			if n.ended {
				a.reap(n)
			} else {
				a.workers.heard(n.child, n.fields)
			}
		case n := <-a.engine.told():
			a.engine.heard(n, a.clock.Now())
		case e := <-a.hooks.ended:
			a.hooks.tell(e)
		case e := <-a.upgrade.ended:
			a.upgrade.failed(e)
		case <-timer.C:
		case <-a.orphan:
			a.orphan = nil
			a.account.Say("warning", "parent-gone", Fields{"pid": os.Getpid()})
			a.stop(false)
		}
		now := a.clock.Now()
		a.upgrade.promote(a.pidfile, a.cfg.PIDFile)
		a.watchdog.murder(a.workers.children, now)
		a.engine.manage(now) // also while the workers leave: what they finish is told to it
		if a.stopping {
			a.insist(now)
		} else {
			a.workers.manage(now)
		}
		reapOrphans(a.account, a.owns)
	}
	if err := a.engine.close(); err != nil {
		a.account.Say("warning", "engine-not-flushed", Fields{"reason": err.Error()})
	}
	a.hooks.reached("on_exit", os.Getpid(), nil)
	a.hooks.finish()
	if err := a.pidfile.remove(); err != nil {
		a.account.Say("error", "pidfile-not-removed", Fields{"reason": err.Error()})
	}
	a.account.Say("info", "stopped", Fields{"pid": os.Getpid(), "code": a.code})
	return a.code
}

// owns says whether a child process is one that somebody here waits for.
func (a *Arbiter) owns(pid int) bool {
	return a.workers.children[pid] != nil || a.upgrade.child == pid || a.hooks.runs(pid) || a.engine.runs(pid)
}

func (a *Arbiter) signalled(s os.Signal) {
	switch s {
	case syscall.SIGTERM:
		a.stop(true)
	case syscall.SIGINT, syscall.SIGQUIT:
		a.stop(false)
	case syscall.SIGHUP:
		a.readAgain()
	case syscall.SIGTTIN:
		a.workers.resize(a.workers.target + 1)
	case syscall.SIGTTOU:
		a.workers.resize(max(1, a.workers.target-1))
	case syscall.SIGUSR1:
		a.account.Say("info", "reopening-logs", Fields{"pid": os.Getpid()})
		a.account.Reopen()
		a.workers.signal(syscall.SIGUSR1)
	case syscall.SIGUSR2:
		if !a.stopping {
			a.upgrade.begin(&a.cfg, a.launcher.listeners, a.hooks, a.launcher.spawner)
		}
	case syscall.SIGWINCH:
		if !a.cfg.Daemon {
			// The terminal's window changed its size, most likely.
			a.account.Say("debug", "signal-ignored", Fields{"signal": "SIGWINCH", "reason": "not a daemon"})
			return
		}
		a.workers.resize(0)
	}
}

// stop begins the end: graceful leaves the workers graceful_timeout, quick hardly any time.
func (a *Arbiter) stop(graceful bool) {
	now := a.clock.Now()
	limit, signal := now+int64(a.cfg.GracefulTimeout), syscall.SIGTERM
	if !graceful {
		limit, signal = now+int64(quickLimit), syscall.SIGQUIT
	}
	if a.stopping && (graceful || limit >= a.deadline) {
		return
	}
	if !a.stopping {
		// From here on nobody is made to wait for a server that leaves. The path of a unix socket stays with the
		// arbiter that stays.
		for _, l := range a.launcher.listeners {
			_ = l.Close(a.upgrade.child == 0 && a.upgrade.parent == 0)
		}
	}
	a.stopping = true
	a.deadline = limit
	a.account.Say("info", "stopping", Fields{"pid": os.Getpid(), "graceful": graceful})
	a.workers.leave(signal)
}

// insist kills the workers of a server that stops when their time is up.
func (a *Arbiter) insist(now int64) {
	if now >= a.deadline {
		a.deadline = now + int64(killAfter)
		a.workers.signal(syscall.SIGKILL)
	}
}

// reap is told that a worker has ended; one that failed in a way in which all would ends the server.
func (a *Arbiter) reap(n news) {
	code := a.workers.reap(n.child, n.state, a.clock.Now())
	if code == 0 || a.stopping {
		return
	}
	a.code = code
	a.account.Say("critical", "halted", Fields{"code": code,
		"reason": map[int]string{bootError: "a worker failed to boot",
			loadError: "the application failed to load"}[code]})
	a.stop(false)
}
