package waits

import (
	"time"

	"github.com/hangtime-dev/hangtime/history"
)

// Standing is a wait that has lasted for so long by now.
func Standing(wait history.Event, still time.Duration) history.Event {
	switch ev := wait.(type) {
	case history.LockWait:
		ev.Still = still
		return ev
	case history.MutexWait:
		ev.Still = still
		return ev
	case history.PipeWait:
		ev.Still = still
		return ev
	case history.DiskWait:
		ev.Still = still
		return ev
	case history.SocketWait:
		ev.Still = still
		return ev
	case history.ChildWait:
		ev.Still = still
		return ev
	case history.TerminalWait:
		ev.Still = still
		return ev
	case history.SemaphoreWait:
		ev.Still = still
		return ev
	}
	return wait
}
