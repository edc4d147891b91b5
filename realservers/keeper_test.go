//go:build realservers

package realservers

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// A keeper is this test binary, started again as the parent of one server. Whatever the server starts, in whichever
// session or process group, and however its parents end, becomes the keeper's own child at last
// (PR_SET_CHILD_SUBREAPER, prctl(2)). When its standard input closes, which it also does when the tests are killed,
// the keeper ends all of them and then itself. So nothing is left, with no name or process group to be guessed.
const (
	keeperArgument = "keep-until-standard-input-closes"
	keeperOrders   = "REALSERVERS_ORDERS" // environment: keeperSpec as JSON
)

type keeperSpec struct {
	Args     []string
	Dir      string
	Env      []string
	UID, GID uint32 // 0: as the tests
	Terminal bool   // descriptor 4 becomes its controlling terminal, and all its standard files
	Input    bool   // descriptor 4 is its standard input
	// Sent to the server half a second before all are killed: for those that leave something behind otherwise; 0: none.
	Farewell syscall.Signal
}

// What a keeper has beside its standard files.
const (
	keeperReport = 3 // it writes the server's process number there
	keeperExtra  = 4
)

const farewell = 500 * time.Millisecond

// keep is a keeper's main.
func keep() int {
	var spec keeperSpec
	if err := json.Unmarshal([]byte(os.Getenv(keeperOrders)), &spec); err != nil {
		return complain(err)
	}
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		return complain(err)
	}
	pid, err := spec.start()
	if err != nil {
		return complain(err)
	}
	report := os.NewFile(keeperReport, "report")
	fmt.Fprintln(report, pid)
	report.Close()
	os.Stdout.Close() // it may be a pipe whose ends the case counts
	os.Stderr.Close()
	over := make(chan struct{})
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		close(over)
	}()
	for waiting := true; waiting; {
		select {
		case <-over:
			waiting = false
		case <-time.After(100 * time.Millisecond):
			reap()
		}
	}
	if spec.Farewell != 0 && syscall.Kill(pid, spec.Farewell) == nil {
		for end := time.Now().Add(farewell); len(descendants()) > 0 && time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
			reap()
		}
	}
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		all := descendants()
		if len(all) == 0 {
			return 0
		}
		for _, one := range all {
			_ = syscall.Kill(one, syscall.SIGKILL)
		}
		reap()
	}
	return 1
}

func complain(err error) int {
	fmt.Fprintln(os.Stderr, "keeper:", err)
	return 1
}

func (spec keeperSpec) start() (int, error) {
	cmd := exec.Command(spec.Args[0], spec.Args[1:]...)
	cmd.Dir, cmd.Env = spec.Dir, spec.Env
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if spec.UID != 0 {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: spec.UID, Gid: spec.GID}
	}
	if spec.Terminal || spec.Input {
		extra := os.NewFile(keeperExtra, "input")
		defer extra.Close()
		cmd.Stdin = extra
		if spec.Terminal {
			cmd.Stdout, cmd.Stderr = extra, extra
			cmd.SysProcAttr.Setctty = true
		}
	}
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	return cmd.Process.Pid, nil
}

// reap takes the ends of all that have ended: the keeper waits for children by nothing else.
func reap() {
	for {
		var status syscall.WaitStatus
		if pid, err := syscall.Wait4(-1, &status, syscall.WNOHANG, nil); pid <= 0 || err != nil {
			return
		}
	}
}

// descendants are all processes below this one.
func descendants() []int { return below(os.Getpid()) }

// below reads /proc/PID/task/TID/children (proc_pid_task_children(5)). A process that appears meanwhile is seen the
// next time.
func below(pid int) []int {
	var all []int
	tasks, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
	if err != nil {
		return nil
	}
	for _, task := range tasks {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%s/children", pid, task.Name()))
		if err != nil {
			continue
		}
		for _, field := range strings.Fields(string(text)) {
			if child, err := strconv.Atoi(field); err == nil {
				all = append(all, child)
				all = append(all, below(child)...)
			}
		}
	}
	slices.Sort(all)
	return all
}
