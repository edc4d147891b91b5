package arbiter

import (
	"fmt"
	"os"
	"os/exec"
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/hangtime-dev/hangtime/reference-server/jetstream"
	"github.com/hangtime-dev/hangtime/reference-server/settings"
)

// firstInherited is the descriptor of the first listener that a successor inherits.
const firstInherited = 3

// An upgrade is the state of USR2: an arbiter may have a successor, or be one whose predecessor still lives, never both.
type upgrade struct {
	account   *Account
	self      string // the file to start: perhaps a newer one by then
	dir       string // where the arbiter was started
	parent    int    // predecessor; 0: none
	child     int    // successor; 0: none
	ended     chan *os.ProcessState
	listeners []*Listener // inherited; nil: none
}

func newUpgrade(account *Account) (*upgrade, error) {
	u := &upgrade{account: account, ended: make(chan *os.ProcessState, 1)}
	var err error
	if u.self, err = os.Executable(); err != nil {
		return nil, fmt.Errorf("find this program's own file: %w", err)
	}
	if u.dir, err = os.Getwd(); err != nil {
		return nil, fmt.Errorf("find the working directory: %w", err)
	}
	pid, err1 := strconv.Atoi(os.Getenv(upgradePidVar))
	count, err2 := strconv.Atoi(os.Getenv(upgradeListenersVar))
	_ = os.Unsetenv(upgradePidVar)
	_ = os.Unsetenv(upgradeListenersVar)
	if err1 != nil || err2 != nil || pid != os.Getppid() {
		return u, nil
	}
	u.parent = pid
	for i := range count {
		fd := firstInherited + i
		unix.CloseOnExec(fd)
		address, err := addressOf(fd)
		if err != nil {
			return nil, fmt.Errorf("inherit listening sockets: %w", err)
		}
		l := &Listener{File: os.NewFile(uintptr(fd), address), Address: address, bind: address}
		if path, ok := unixPath(address); ok {
			l.path = path
		}
		u.listeners = append(u.listeners, l)
	}
	return u, nil
}

// suffix is what the pidfile's name ends with while the predecessor lives.
func (u *upgrade) suffix() string {
	if u.parent != 0 {
		return ".2"
	}
	return ""
}

// begin starts the program's file again, with the listening sockets; which of the two is to stay is for whoever sends
// TERM to the other to say.
func (u *upgrade) begin(cfg *settings.Config, listeners []*Listener, hooks *hookRunner, spawner *spawner) {
	switch {
	case u.child != 0:
		u.account.Say("warning", "signal-ignored",
			Fields{"signal": "SIGUSR2", "reason": "the successor runs", "successor": u.child})
		return
	case u.parent != 0:
		u.account.Say("warning", "signal-ignored",
			Fields{"signal": "SIGUSR2", "reason": "the predecessor still runs", "predecessor": u.parent})
		return
	case jetstream.OwnEngine(&cfg.Queue):
		u.account.Say("warning", "signal-ignored",
			Fields{"signal": "SIGUSR2", "reason": "the task engine is this arbiter's, and two cannot have one store"})
		return
	case cfg.ReusePort:
		u.account.Say("warning", "signal-ignored",
			Fields{"signal": "SIGUSR2", "reason": "with reuse-port there is no socket to hand on"})
		return
	}
	hooks.reached("pre_exec", os.Getpid(), nil)
	cmd := exec.Command(u.self, os.Args[1:]...)
	cmd.Args[0] = os.Args[0]
	cmd.Dir = u.dir
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	for _, l := range listeners {
		cmd.ExtraFiles = append(cmd.ExtraFiles, l.File)
	}
	cmd.Env = append(cleanEnv(), upgradePidVar+"="+strconv.Itoa(os.Getpid()), upgradeListenersVar+"="+
		strconv.Itoa(len(listeners)))
	if cfg.ExitWithParent {
		cmd.Env = append(cmd.Env, UpgradeParentVar+"="+strconv.Itoa(os.Getppid()))
	}
	// The successor's parent-death signal, if it asks for one, must not come when a mere thread ends.
	var err error
	spawner.do(func() { err = cmd.Start() })
	if err != nil {
		u.account.Say("error", "upgrade-failed", Fields{"reason": err.Error()})
		return
	}
	u.child = cmd.Process.Pid
	u.account.Say("info", "upgrading", Fields{"pid": os.Getpid(), "successor": u.child})
	go func() {
		_ = cmd.Wait() // how it ended is in the state
		u.ended <- cmd.ProcessState
	}()
}

// failed is told that the successor has ended.
func (u *upgrade) failed(state *os.ProcessState) {
	fields := Fields{"successor": u.child}
	tellExit(fields, state)
	u.account.Say("warning", "successor-ended", fields)
	u.child = 0
}

// promote makes a successor whose predecessor is gone an arbiter like any other, whose pidfile has the plain name.
func (u *upgrade) promote(p *pidfile, name string) {
	if u.parent == 0 || os.Getppid() == u.parent {
		return
	}
	u.parent = 0
	if err := p.rename(name); err != nil {
		u.account.Say("error", "pidfile-not-renamed", Fields{"reason": err.Error()})
	}
	u.account.Say("info", "promoted", Fields{"pid": os.Getpid()})
}
