package waits

import (
	"time"

	"github.com/hangtime-dev/hangtime/kernel/proc"
)

// A lockTable is all file locks of the machine at one moment. One goroutine may use it.
type lockTable struct {
	fs  proc.FS
	at  time.Time // when it was read
	all []proc.Lock
}

// lockLife is how long it stands: for the threads that are looked at together, and for less than the time for which each of
// them was seen to stand still by then, so that what they wait for is in it.
const lockLife = 20 * time.Millisecond

// read returns the locks.
func (t *lockTable) read() ([]proc.Lock, error) {
	if t.at.IsZero() || time.Since(t.at) >= lockLife {
		all, err := t.fs.Locks()
		if err != nil {
			return nil, err
		}
		t.at, t.all = time.Now(), all
	}
	return t.all, nil
}
