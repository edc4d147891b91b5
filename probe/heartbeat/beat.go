package heartbeat

import (
	"strconv"
	"time"

	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/kernel/proc"
)

// A Beat is a sign of life as read.
type Beat struct {
	history.Heartbeat
	Busy time.Duration // since when its loop or its request side has been at one thing, as it says itself
}

// A source is where a worker's heartbeat can be read from outside.
type source interface {
	// read returns nil when there is none to be had (any more).
	read(fs proc.FS) *Beat
	close()
}

func descriptor(fs proc.FS, pid, fd int) string { return fs.Path(pid, "fd/"+strconv.Itoa(fd)) }
