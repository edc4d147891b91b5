package probe

import (
	"time"

	"golang.org/x/sys/unix"

	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/probe/heartbeat"
	"github.com/hangtime-dev/hangtime/probe/limits"
	"github.com/hangtime-dev/hangtime/probe/requests"
	"github.com/hangtime-dev/hangtime/probe/threads"
)

// A Worker is one process of the server that lives.
type Worker struct {
	Place int           // from 1
	PID   int           //
	Start uint64        // clock ticks since boot: with the pid, its identity
	Born  time.Duration // the same on the run's clock
}

// A worker is what is known of one process: each part is one reader's.
type worker struct {
	Worker
	pidfd      int       // -1: none, its end is seen at the next tick
	endedAt    time.Time // when it was seen to be over; its status may come a moment later
	noListener bool      // it has no listening socket and no connection of the server's
	lockTicks  int       // ticks in a row at which it waited for a file lock

	account   account
	threads   *threads.Process
	sockets   *requests.Process
	heartbeat *heartbeat.Monitor
	limits    *limits.Process
	limitsAt  time.Time            // its limits are read again then, whether it is suspicious or not
	sample    history.WorkerSample // as last recorded

	attention attention
	looks     looks
}

// alone says whether it is a program by itself: it listens nowhere, and no server has started it.
func (one *worker) alone(arbiter int) bool { return one.noListener && one.PID == arbiter }

func (one *worker) close() {
	if one.pidfd >= 0 {
		unix.Close(one.pidfd)
	}
	one.account.file.Close()
	one.heartbeat.Close()
	one.limits.Close()
}
