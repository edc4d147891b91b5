// Package refserver is the reference server: an arbiter and worker processes that do, for real and one setting at a
// time, everything that the guide to async tasks under gunicorn warns of, and everything that it recommends. It is
// watched from outside like any other server and knows nothing of hangtime.
package refserver

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/hangtime-dev/hangtime/reference-server/arbiter"
	"github.com/hangtime-dev/hangtime/reference-server/engine"
	"github.com/hangtime-dev/hangtime/reference-server/settings"
	"github.com/hangtime-dev/hangtime/reference-server/worker"
)

// Config is one setting of every option.
type Config = settings.Config

// Default is every option's default.
func Default() Config { return settings.Default() }

// Role runs this process as a worker or as the task engine when an arbiter started it as one. It must be called first thing in main, on the
// first goroutine.
func Role([]string) (handled bool, code int) {
	role, birth := os.Getenv(arbiter.RoleVar), os.Getenv(arbiter.BirthVar)
	if role != arbiter.WorkerRole && role != arbiter.EngineRole {
		return false, 0
	}
	// What the worker starts in turn is no worker.
	_ = os.Unsetenv(arbiter.RoleVar)
	_ = os.Unsetenv(arbiter.BirthVar)
	if role == arbiter.EngineRole {
		return true, engine.Main()
	}
	return true, worker.Main(birth)
}

// A Start is what Serve is told.
type Start struct {
	Config Config
	Reload func() (Config, error) // reads the settings again, for HUP; nil: they stay
}

// Serve runs the server in this process until it is told to stop by a signal, and returns its exit code: 0, 3 when a
// worker failed to boot, 4 when its application failed to load. An error says that it did not begin.
func Serve(s Start) (code int, err error) {
	cfg := s.Config
	if err := cfg.Validate(); err != nil {
		return 0, err
	}
	if cfg.Daemon && os.Getenv(daemonVar) == "" {
		return 0, daemonize()
	}
	account, err := openAccount(&cfg)
	if err != nil {
		return 0, err
	}
	defer account.Close()
	signals := make(chan os.Signal, 64)
	signal.Notify(signals, unix.SIGTERM, unix.SIGINT, unix.SIGQUIT, unix.SIGHUP, unix.SIGTTIN, unix.SIGTTOU,
		unix.SIGUSR1, unix.SIGUSR2, unix.SIGWINCH)
	defer signal.Stop(signals)
	parts := arbiter.Parts{Config: cfg, Reload: s.Reload, Account: account, Signals: signals}
	if cfg.ExitWithParent {
		if parts.Orphan, err = watchParent(); err != nil {
			return 0, err
		}
	}
	// As gunicorn calls its arbiter; its command line stays what was typed. The name is for people: what fails here
	// is no failure.
	name := cfg.ProcName + ":master"
	_ = os.WriteFile("/proc/self/comm", []byte(name[:min(len(name), 15)]), 0)
	a, err := arbiter.New(parts)
	if err != nil {
		return 0, err
	}
	return a.Run(), nil
}

// openAccount is where the server tells what happens.
func openAccount(cfg *Config) (*arbiter.Account, error) {
	path := cfg.ErrorLog
	switch {
	case path == "-" && !cfg.Daemon:
		return arbiter.NewAccount(os.Stderr, cfg.LogLevel), nil
	case path == "-":
		path = filepath.Join(cfg.LogDir, "arbiter.log")
	}
	file, err := arbiter.OpenLog(path)
	if err != nil {
		return nil, err
	}
	return arbiter.NewAccount(file, cfg.LogLevel), nil
}

// daemonVar marks the process that goes on in the background.
const daemonVar = "HANGTIME_IN_BACKGROUND"

// daemonize starts this program again in a session of its own, without a terminal; what the arbiter says goes to a file.
func daemonize() error {
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find this program's own file: %w", err)
	}
	cmd := exec.Command(self, os.Args[1:]...)
	cmd.Env = append(os.Environ(), daemonVar+"=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("go on in the background: %w", err)
	}
	return cmd.Process.Release()
}

// watchParent closes the channel when the process that started this one is gone, also when it was killed.
func watchParent() (<-chan struct{}, error) {
	parent := os.Getppid()
	if pid, err := strconv.Atoi(os.Getenv(arbiter.UpgradeParentVar)); err == nil {
		// The successor of an upgrade leaves with whom its predecessor would have left.
		_ = os.Unsetenv(arbiter.UpgradeParentVar)
		return watch(pid)
	}
	// Should this process be stopped when its parent dies, it is continued, and then sees that it is alone.
	if err := unix.Prctl(unix.PR_SET_PDEATHSIG, uintptr(unix.SIGCONT), 0, 0, 0); err != nil {
		return nil, fmt.Errorf("ask for a signal when the parent dies: %w", err)
	}
	gone, err := watch(parent)
	if err == nil && os.Getppid() != parent {
		ended := make(chan struct{})
		close(ended)
		return ended, nil
	}
	return gone, err
}

// watch closes the channel when the process ends.
func watch(pid int) (<-chan struct{}, error) {
	gone := make(chan struct{})
	pidfd, err := unix.PidfdOpen(pid, 0)
	if errors.Is(err, unix.ESRCH) {
		close(gone)
		return gone, nil
	}
	if err != nil {
		return nil, fmt.Errorf("watch the parent process: %w", err)
	}
	go func() {
		defer close(gone)
		polled := []unix.PollFd{{Fd: int32(pidfd), Events: unix.POLLIN}}
		for {
			if n, err := unix.Poll(polled, -1); n > 0 || err != nil && !errors.Is(err, unix.EINTR) {
				return
			}
		}
	}()
	return gone, nil
}
