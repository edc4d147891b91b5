package faults

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// A process by its identity: the number alone may be another's by now.
type process struct {
	PID   int    `json:"pid"`
	Start uint64 `json:"start"` // field 22 of /proc/PID/stat, clock ticks since boot: proc_pid_stat(5)
}

// errGone says that a process is no more, or that its number is another's.
var errGone = errors.New("the process is gone")

// A status is the part of /proc/PID/stat that faults need.
type status struct {
	process
	parent  int
	group   int // process group
	session int
	threads int
	ticks   uint64 // of a processor, used so far by all threads
	state   byte   // of its first thread: R S D T t Z …
}

// dead says whether nothing of it runs any more. A first thread that is a zombie is not enough: others may still be on their way out, with files and locks.
func (s status) dead() bool { return (s.state == 'Z' || s.state == 'X') && s.threads <= 1 }

// readStatus reads /proc/PID/stat; a process that ended is errGone.
func readStatus(pid int) (status, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if errors.Is(err, os.ErrNotExist) || errors.Is(err, unix.ESRCH) {
		return status{}, errGone
	}
	if err != nil {
		return status{}, err
	}
	// The name in parentheses may itself hold anything: fields are counted from the last one.
	fields := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:])
	const state, parent, group, session, user, system, threads, start = 0, 1, 2, 3, 11, 12, 17, 19
	if len(fields) <= start {
		return status{}, fmt.Errorf("/proc/%d/stat has %d fields after the name, want more than %d", pid, len(fields), start)
	}
	s := status{process: process{PID: pid}, state: fields[state][0]}
	var errs [7]error
	s.parent, errs[0] = strconv.Atoi(string(fields[parent]))
	s.threads, errs[1] = strconv.Atoi(string(fields[threads]))
	s.group, errs[3] = strconv.Atoi(string(fields[group]))
	s.session, errs[4] = strconv.Atoi(string(fields[session]))
	inUser, err := strconv.ParseUint(string(fields[user]), 10, 64)
	errs[5] = err
	inKernel, err := strconv.ParseUint(string(fields[system]), 10, 64)
	errs[6] = err
	s.ticks = inUser + inKernel
	s.Start, errs[2] = strconv.ParseUint(string(fields[start]), 10, 64)
	return s, errors.Join(errs[:]...)
}

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

// open returns a pidfd of exactly this process. The descriptor is taken first and the identity compared after: from then on the number cannot be recycled under us.
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

// ended waits until the process of a pidfd has ended, at most limit. A zombie has ended.
func ended(fd int, limit time.Duration) bool {
	for deadline := time.Now().Add(limit); ; {
		left := max(time.Until(deadline), 0)
		n, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, int(left.Milliseconds())) // #nosec: a descriptor fits
		if n > 0 {
			return true
		}
		if err != nil && !errors.Is(err, unix.EINTR) || left == 0 {
			return false
		}
	}
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
	if !ended(fd, limit) {
		return fmt.Errorf("pid %d did not end within %v of SIGKILL", p.PID, limit)
	}
	return nil
}

// everyone reads the status of all processes that can be seen.
func everyone() ([]status, error) {
	dir, err := os.Open("/proc")
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	names, err := dir.Readdirnames(-1)
	if err != nil {
		return nil, err
	}
	var all []status
	for _, name := range names {
		pid, err := strconv.Atoi(name)
		if err != nil {
			continue
		}
		if s, err := readStatus(pid); err == nil {
			all = append(all, s)
		}
	}
	return all, nil
}

// below says whether a process descends from another.
func below(pid, ancestor int) bool {
	const deepest = 64
	for range deepest {
		s, err := readStatus(pid)
		if err != nil || s.parent <= 1 {
			return false
		}
		if s.parent == ancestor {
			return true
		}
		pid = s.parent
	}
	return false
}
