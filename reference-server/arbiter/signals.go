package arbiter

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/hangtime-dev/hangtime/reference-server/settings"
)

const maxWorkers = settings.MaxWorkers

func (a *Arbiter) signalled(s os.Signal) {
	switch s {
	case syscall.SIGTERM:
		a.stop(true)
	case syscall.SIGINT, syscall.SIGQUIT:
		a.stop(false)
	case syscall.SIGHUP:
		a.readAgain()
	case syscall.SIGTTIN:
		a.resize(a.target + 1)
	case syscall.SIGTTOU:
		a.resize(max(1, a.target-1))
	case syscall.SIGUSR1:
		a.account.Say("info", "reopening-logs", Fields{"pid": os.Getpid()})
		a.account.Reopen()
		for _, c := range a.children {
			a.signal(c, syscall.SIGUSR1)
		}
	case syscall.SIGUSR2:
		a.upgradeBinary()
	case syscall.SIGWINCH:
		if !a.cfg.Daemon {
			// The terminal's window changed its size, most likely.
			a.account.Say("debug", "signal-ignored", Fields{"signal": "SIGWINCH", "reason": "not a daemon"})
			return
		}
		a.resize(0)
	}
}

// readAgain is HUP: settings are read again, new workers are started with them, and the old ones leave when the new
// ones are ready. Settings that are wrong change nothing.
func (a *Arbiter) readAgain() {
	if a.stopping {
		return
	}
	next := a.cfg
	if a.reload != nil {
		var err error
		if next, err = a.reload(); err == nil {
			err = next.Validate()
		}
		if err != nil {
			a.account.Say("error", "reload-failed", Fields{"reason": err.Error()})
			return
		}
	}
	if a.cfg.Preloads() {
		next.KeepApplication(&a.cfg)
	}
	if err := a.adopt(next); err != nil {
		a.account.Say("error", "reload-failed", Fields{"reason": err.Error()})
		return
	}
	a.account.Reopen()
	a.account.Say("info", "reloading", Fields{"pid": os.Getpid(), "workers": a.cfg.Workers})
	a.setTarget(a.cfg.Workers)
	a.hook("on_reload", os.Getpid(), nil)
	for _, c := range a.children {
		c.old = true
	}
	a.young, a.pause = 0, 0
}

// adopt makes next the settings; when that fails, everything stays as it was.
func (a *Arbiter) adopt(next settings.Config) error {
	who, err := credential(&next)
	if err != nil {
		return err
	}
	listeners, fresh, err := a.listeners, []*Listener(nil), error(nil)
	if !slices.Equal(next.Bind, a.cfg.Bind) || next.ReusePort != a.cfg.ReusePort {
		if listeners, fresh, err = a.rebind(&next, who); err != nil {
			return err
		}
	}
	pid := a.pidfile
	if next.PIDFile != a.cfg.PIDFile {
		pid = nil
		if next.PIDFile != "" {
			if pid, err = createPidfile(next.PIDFile + a.upgrade.suffix()); err != nil {
				return errors.Join(err, closeAll(fresh))
			}
		}
		if err := a.pidfile.remove(); err != nil {
			a.account.Say("error", "pidfile-not-removed", Fields{"reason": err.Error()})
		}
	}
	for _, l := range a.listeners {
		if !slices.Contains(listeners, l) {
			_ = l.Close(true) // workers that leave have their own descriptors
		}
	}
	for _, l := range fresh {
		a.account.Say("info", "listening", Fields{"address": l.Address, "pid": os.Getpid()})
	}
	a.cfg, a.credential, a.listeners, a.pidfile = next, who, listeners, pid
	a.hooks.set(&a.cfg)
	return nil
}

func (a *Arbiter) signal(c *child, s syscall.Signal) {
	if s != syscall.SIGUSR1 {
		a.account.Say("info", "worker-signalled", Fields{"worker": c.place, "pid": c.pid, "signal": unix.SignalName(s)})
	}
	if err := c.process.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
		a.account.Say("error", "worker-signal-failed",
			Fields{"worker": c.place, "pid": c.pid, "signal": unix.SignalName(s), "reason": err.Error()})
	}
}

// credential is who the workers run as; nil: who the arbiter runs as.
func credential(cfg *settings.Config) (*syscall.Credential, error) {
	if cfg.User == "" && cfg.Group == "" {
		return nil, nil
	}
	uid, gid, err := cfg.Owner()
	if err != nil {
		return nil, err
	}
	if os.Geteuid() != 0 {
		if uid == os.Geteuid() && gid == os.Getegid() {
			return nil, nil
		}
		return nil, fmt.Errorf("user, group: only root can run workers as another user, and this is user %d", os.Geteuid())
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
}
