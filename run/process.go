package run

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"syscall"
	"time"
)

// A process by its identity: the number alone may be another's by now.
type process struct {
	pid   int
	start uint64 // field 22 of /proc/PID/stat, proc_pid_stat(5)
}

// endAll waits a moment for processes that should be leaving, then kills those that are left, and returns their pids.
func endAll(all []process) (killed []int) {
	const grace, step = time.Second, 20 * time.Millisecond
	for deadline := time.Now().Add(grace); time.Now().Before(deadline) && anyAlive(all); {
		time.Sleep(step)
	}
	for _, p := range all {
		if p.alive() {
			_ = syscall.Kill(p.pid, syscall.SIGKILL)
			killed = append(killed, p.pid)
		}
	}
	for deadline := time.Now().Add(grace); time.Now().Before(deadline) && anyAlive(all); {
		time.Sleep(step)
	}
	return killed
}

func anyAlive(all []process) bool {
	for _, p := range all {
		if p.alive() {
			return true
		}
	}
	return false
}

// alive says whether it runs: a zombie does not.
func (p process) alive() bool {
	state, start, err := stat(p.pid)
	return err == nil && state != 'Z' && state != 'X' && start == p.start
}

// stat reads the state and the start time (clock ticks since boot) of a process: fields 3 and 22 of /proc/PID/stat, proc_pid_stat(5).
func stat(pid int) (state byte, start uint64, err error) {
	path := fmt.Sprintf("/proc/%d/stat", pid)
	text, err := os.ReadFile(path)
	if err != nil {
		return 0, 0, err
	}
	// The name in parentheses may itself hold anything: fields are counted from the last one.
	fields := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:])
	const third, twentySecond = 0, 19
	if len(fields) <= twentySecond {
		return 0, 0, fmt.Errorf("%s: %d fields after the name, want at least 20", path, len(fields))
	}
	start, err = strconv.ParseUint(string(fields[twentySecond]), 10, 64)
	return fields[third][0], start, err
}
