package arbiter

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/hangtime-dev/hangtime/reference-server/board"
	"github.com/hangtime-dev/hangtime/reference-server/heartbeat"
)

// Exit codes of a worker that stop the arbiter, with gunicorn's numbers: another worker would only fail the same way.
const (
	bootError = 3
	loadError = 4
)

// murder kills workers that gave no sign of life for too long, that boot for too long, or that were told to leave and
// did not.
func (a *Arbiter) murder(now int64) {
	if late := now - a.lastLook; late > int64(round+lateLimit) {
		// The arbiter itself was away (stopped, or without a processor): it knows nothing of the time between, and
		// kills nobody for it.
		a.account.Say("warning", "arbiter-was-away", Fields{"seconds": float64(late) / 1e9})
		a.floor = now
	}
	a.lastLook = now
	for _, c := range a.children {
		switch {
		case c.deadline > 0 && now >= c.deadline:
			c.deadline = now + int64(killAfter) // again, should it have been stopped by a debugger
			a.signal(c, syscall.SIGKILL)
		case c.deadline > 0:
		case !c.ready && a.cfg.BootTimeout > 0 && now-max(c.started, a.floor) > int64(a.cfg.BootTimeout):
			a.timeOut(c, now, "boot-timeout", a.cfg.BootTimeout)
		case c.ready && c.page.State.Load() == heartbeat.Draining:
			// It leaves by itself: it reached max_requests, or somebody else told it to.
			c.deadline = now + int64(a.cfg.GracefulTimeout)
		case c.ready && a.cfg.Timeout > 0 && a.silent(c, now) > a.cfg.Timeout:
			a.timeOut(c, now, "worker-timeout", a.cfg.Timeout)
		case a.cfg.MemoryLimit > 0:
			a.weigh(c, now)
		}
	}
	if a.stopping && a.deadline > 0 && now >= a.deadline {
		a.deadline = now + int64(killAfter)
		for _, c := range a.children {
			a.signal(c, syscall.SIGKILL)
		}
	}
}

// silent is for how long a worker gave no sign of life.
func (a *Arbiter) silent(c *child, now int64) time.Duration {
	since := time.Duration(now - max(int64(c.page.Beat.Load()), a.floor))
	if c.tmpfile == nil {
		return since
	}
	age, err := heartbeat.Age(c.tmpfile, time.Now())
	if err != nil {
		return since
	}
	return min(age, time.Duration(now-max(c.started, a.floor)))
}

// weigh kills a worker that holds more memory than it may, as a container's limit does: at once, with whatever it was doing.
func (a *Arbiter) weigh(c *child, now int64) {
	held, err := residentMiB(c.pid)
	if err != nil || held < a.cfg.MemoryLimit {
		return
	}
	a.account.Say("critical", "worker-over-memory-limit",
		Fields{"worker": c.place, "pid": c.pid, "memory_mib": held, "limit_mib": a.cfg.MemoryLimit})
	c.deadline = now + int64(killAfter)
	a.signal(c, syscall.SIGKILL)
}

// residentMiB is the second field of /proc/PID/statm, proc_pid_statm(5).
func residentMiB(pid int) (int, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		return 0, err
	}
	fields := strings.Fields(string(text))
	if len(fields) < 2 {
		return 0, fmt.Errorf("read /proc/%d/statm: want two numbers, got %q", pid, text)
	}
	pages, err := strconv.Atoi(fields[1])
	return pages * os.Getpagesize() >> 20, err
}

// timeOut sends ABRT, and KILL a moment later.
func (a *Arbiter) timeOut(c *child, now int64, event string, limit time.Duration) {
	a.account.Say("critical", event, Fields{"worker": c.place, "pid": c.pid, "timeout_s": limit.Seconds()})
	c.aborted = true
	c.deadline = now + int64(killAfter)
	a.signal(c, syscall.SIGABRT)
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
		for _, l := range a.listeners {
			_ = l.Close(a.upgrade.child == 0 && a.upgrade.parent == 0)
		}
	}
	a.stopping = true
	a.deadline = limit
	a.account.Say("info", "stopping", Fields{"pid": os.Getpid(), "graceful": graceful})
	for _, c := range a.children {
		c.leaving = true
		a.signal(c, signal)
	}
}

// reap is told that a worker has ended.
func (a *Arbiter) reap(c *child, state *os.ProcessState) {
	now := a.clock.Now()
	delete(a.children, c.pid)
	lost := a.board.Lose(c.owner, now)
	if p := a.board.Place(c.place); p.Owner.Load() == c.owner {
		p.State.Store(board.Empty)
	}
	fields := Fields{"worker": c.place, "pid": c.pid, "age": c.age, "tasks_lost": lost}
	code := 0
	level := "info"
	if status, ok := waitStatus(state); ok && status.Signaled() {
		fields["signal"] = unix.SignalName(status.Signal())
		level = "warning"
	} else {
		code = state.ExitCode() // -1: not known
		fields["code"] = code
		if code != 0 {
			level = "warning"
		}
	}
	a.account.Say(level, "worker-exited", fields)
	_ = c.page.Unmap()
	if c.tmpfile != nil {
		_ = c.tmpfile.Close()
	}
	a.hook("child_exit", os.Getpid(), Fields{"worker": c.place, "child": c.pid})
	if a.stopping {
		return
	}
	if !c.ready && (code == bootError || code == loadError) {
		a.code = code
		a.account.Say("critical", "halted", Fields{"code": code,
			"reason": map[int]string{bootError: "a worker failed to boot",
				loadError: "the application failed to load"}[code]})
		a.stop(false)
		return
	}
	if !c.leaving && !c.old && !a.cfg.Respawn {
		a.gone++
	}
	a.learn(c, now, level != "info" && !c.leaving)
}

func waitStatus(state *os.ProcessState) (status syscall.WaitStatus, ok bool) {
	if state == nil {
		return 0, false
	}
	status, ok = state.Sys().(syscall.WaitStatus)
	return status, ok
}

// learn slows down the starting of workers that die young, one after the other: a crash loop must not use up the machine.
func (a *Arbiter) learn(c *child, now int64, badly bool) {
	if time.Duration(now-c.started) >= youngLife || !badly {
		a.young = 0
		return
	}
	a.young++
	a.backOff(now)
}

// backOff lets two starts in a row fail before it waits.
func (a *Arbiter) backOff(now int64) {
	if a.young < 2 {
		return
	}
	pause := min(longPause, firstPause<<min(a.young-2, 10))
	a.pause = now + int64(pause)
	a.account.Say("warning", "workers-die-young", Fields{"in_a_row": a.young, "pause_s": pause.Seconds()})
}
