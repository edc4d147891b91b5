package arbiter

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/hangtime-dev/hangtime/reference-server/heartbeat"
	"github.com/hangtime-dev/hangtime/reference-server/settings"
)

// Times of the watchdog.
const (
	round     = 250 * time.Millisecond // how often it looks at heartbeats
	killAfter = time.Second            // from ABRT to KILL, as long as one round of gunicorn's
	lateLimit = time.Second            // a round that comes later than this was not the workers' fault
)

// A watchdog kills workers that do not do what they should in time, or hold too much memory.
type watchdog struct {
	cfg      *settings.Config // the arbiter's, which a reload changes
	account  *Account
	floor    int64 // heartbeats count from here: the arbiter itself was away before
	lastLook int64
}

// murder kills workers that gave no sign of life for too long, that boot for too long, or that were told to leave and
// did not.
func (w *watchdog) murder(workers map[int]*child, now int64) {
	if late := now - w.lastLook; late > int64(round+lateLimit) {
		// The arbiter itself was away (stopped, or without a processor): it knows nothing of the time between, and
		// kills nobody for it.
		w.account.Say("warning", "arbiter-was-away", Fields{"seconds": float64(late) / 1e9})
		w.floor = now
	}
	w.lastLook = now
	for _, c := range workers {
		switch {
		case c.deadline > 0 && now >= c.deadline:
			c.deadline = now + int64(killAfter) // again, should it have been stopped by a debugger
			c.signal(w.account, syscall.SIGKILL)
		case c.deadline > 0:
		case !c.ready && w.cfg.BootTimeout > 0 && now-max(c.started, w.floor) > int64(w.cfg.BootTimeout):
			w.timeOut(c, now, "boot-timeout", w.cfg.BootTimeout)
		case c.ready && c.page.State.Load() == heartbeat.Draining:
			// It leaves by itself: it reached max_requests, or somebody else told it to.
			c.deadline = now + int64(w.cfg.GracefulTimeout)
		case c.ready && w.cfg.Timeout > 0 && w.silent(c, now) > w.cfg.Timeout:
			w.timeOut(c, now, "worker-timeout", w.cfg.Timeout)
		case w.cfg.MemoryLimit > 0:
			w.weigh(c, now)
		}
	}
}

// silent is for how long a worker gave no sign of life.
func (w *watchdog) silent(c *child, now int64) time.Duration {
	since := time.Duration(now - max(int64(c.page.Beat.Load()), w.floor))
	if c.tmpfile == nil {
		return since
	}
	age, err := heartbeat.Age(c.tmpfile, time.Now())
	if err != nil {
		return since
	}
	return min(age, time.Duration(now-max(c.started, w.floor)))
}

// weigh kills a worker that holds more memory than it may, as a container's limit does: at once, with whatever it was doing.
func (w *watchdog) weigh(c *child, now int64) {
	held, err := residentMiB(c.pid)
	if err != nil || held < w.cfg.MemoryLimit {
		return
	}
	w.account.Say("critical", "worker-over-memory-limit",
		Fields{"worker": c.place, "pid": c.pid, "memory_mib": held, "limit_mib": w.cfg.MemoryLimit})
	c.deadline = now + int64(killAfter)
	c.signal(w.account, syscall.SIGKILL)
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
func (w *watchdog) timeOut(c *child, now int64, event string, limit time.Duration) {
	w.account.Say("critical", event, Fields{"worker": c.place, "pid": c.pid, "timeout_s": limit.Seconds()})
	c.deadline = now + int64(killAfter)
	c.signal(w.account, syscall.SIGABRT)
}
