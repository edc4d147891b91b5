package faults

import (
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"github.com/hangtime-dev/hangtime/kernel/pidfd"
	"github.com/hangtime-dev/hangtime/kernel/proc"
)

// A process by its identity: the number alone may be another's by now.
type process struct {
	PID   int    `json:"pid"`
	Start uint64 `json:"start"` // field 22 of /proc/PID/stat, clock ticks since boot: proc_pid_stat(5)
}

// errGone says that a process is no more, or that its number is another's.
var errGone = errors.New("the process is gone")

// procFS is where the kernel says what the processes of this machine do.
const procFS = proc.FS("/proc")

// A status is what the kernel says of a process now.
type status struct {
	process
	stat proc.Stat
}

// dead says whether nothing of it runs any more. A first thread that is a zombie is not enough: others may still be
// on their way out, with files and locks.
func (s status) dead() bool { return s.stat.Over() && s.stat.Threads <= 1 }

// readStatus reads it; a process that ended is errGone.
func readStatus(pid int) (status, error) {
	s, err := procFS.Stat(pid)
	if isGone(err) {
		return status{}, errGone
	}
	if err != nil {
		return status{}, fmt.Errorf("read the state of pid %d: %w", pid, err)
	}
	return status{process{PID: pid, Start: s.Start}, s}, nil
}

// isGone says whether an error of /proc says that the process is no more.
func isGone(err error) bool { return errors.Is(err, os.ErrNotExist) || errors.Is(err, unix.ESRCH) }

// identify takes down who has a number now.
func identify(pid int) (process, error) {
	s, err := readStatus(pid)
	if err != nil {
		return process{}, fmt.Errorf("pid %d: %w", pid, err)
	}
	return s.process, nil
}

// status of the process; errGone when it ended or when its number is another's.
func (p process) status() (status, error) {
	s, err := readStatus(p.PID)
	if err != nil {
		return status{}, err
	}
	if s.Start != p.Start || s.dead() {
		return status{}, errGone
	}
	return s, nil
}

func (p process) alive() bool {
	_, err := p.status()
	return err == nil
}

// open returns a pidfd of exactly this process. The descriptor is taken first and the identity compared after: from
// then on the number cannot be recycled under us.
func (p process) open() (int, error) {
	fd, err := unix.PidfdOpen(p.PID, 0)
	if errors.Is(err, unix.ESRCH) {
		return -1, errGone
	}
	if err != nil {
		return -1, fmt.Errorf("pidfd_open %d: %w", p.PID, err)
	}
	if _, err := p.status(); err != nil {
		unix.Close(fd)
		return -1, err
	}
	return fd, nil
}

// signal sends a signal to exactly this process; errGone when it is no more.
func (p process) signal(sig unix.Signal) error {
	fd, err := p.open()
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	return sendTo(fd, p.PID, sig)
}

func sendTo(fd, pid int, sig unix.Signal) error {
	err := unix.PidfdSendSignal(fd, sig, nil, 0)
	if errors.Is(err, unix.ESRCH) {
		return errGone
	}
	if err != nil {
		return fmt.Errorf("send %s to pid %d: %w", unix.SignalName(sig), pid, err)
	}
	return nil
}

// end kills the process and waits for its end; one that is gone already is no error.
func (p process) end(limit time.Duration) error {
	fd, err := p.open()
	if errors.Is(err, errGone) {
		return nil
	}
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	if err := sendTo(fd, p.PID, unix.SIGKILL); err != nil && !errors.Is(err, errGone) {
		return err
	}
	if !pidfd.AwaitEnd(fd, limit) {
		return fmt.Errorf("pid %d did not end within %v of SIGKILL", p.PID, limit)
	}
	return nil
}

// everyone reads the status of all processes that can be seen.
func everyone() ([]status, error) {
	pids, err := procFS.PIDs()
	if err != nil {
		return nil, err
	}
	var all []status
	for _, pid := range pids {
		if s, err := readStatus(pid); err == nil {
			all = append(all, s)
		}
	}
	return all, nil
}

// descends says whether a process descends from another.
func descends(pid, ancestor int) bool {
	const deepest = 64
	for range deepest {
		s, err := readStatus(pid)
		if err != nil || s.stat.Parent <= 1 {
			return false
		}
		if s.stat.Parent == ancestor {
			return true
		}
		pid = s.stat.Parent
	}
	return false
}
