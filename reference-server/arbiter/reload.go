package arbiter

import (
	"errors"
	"os"
	"reflect"
	"slices"

	"github.com/hangtime-dev/hangtime/reference-server/settings"
)

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
	a.workers.setTarget(a.cfg.Workers)
	a.hooks.reached("on_reload", os.Getpid(), nil)
	a.workers.renew()
}

// adopt makes next the settings; when that fails, everything stays as it was.
func (a *Arbiter) adopt(next settings.Config) error {
	if a.engine != nil && !reflect.DeepEqual(next.Queue, a.cfg.Queue) || a.engine == nil && next.Tasks != a.cfg.Tasks {
		return errors.New("tasks: where tasks wait cannot be changed by a reload")
	}
	who, err := credential(&next)
	if err != nil {
		return err
	}
	listeners, fresh, err := a.launcher.listeners, []*Listener(nil), error(nil)
	if !slices.Equal(next.Bind, a.cfg.Bind) || next.ReusePort != a.cfg.ReusePort {
		if listeners, fresh, err = rebind(a.launcher.listeners, &a.cfg, &next, who); err != nil {
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
	for _, l := range a.launcher.listeners {
		if !slices.Contains(listeners, l) {
			_ = l.Close(true) // workers that leave have their own descriptors
		}
	}
	for _, l := range fresh {
		a.account.Say("info", "listening", Fields{"address": l.Address, "pid": os.Getpid()})
	}
	a.cfg, a.pidfile = next, pid
	a.launcher.credential, a.launcher.listeners = who, listeners
	a.hooks.set(&a.cfg)
	return nil
}
