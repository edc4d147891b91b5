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
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.pid))
	if err != nil {
		return false
	}
	// The name in parentheses may itself hold anything: fields are counted from the last one.
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	const state, start = 0, 19
	if len(fields) <= start || fields[state][0] == 'Z' || fields[state][0] == 'X' {
		return false
	}
	began, err := strconv.ParseUint(string(fields[start]), 10, 64)
	return err == nil && began == p.start
}
