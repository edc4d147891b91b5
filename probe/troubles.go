package probe

import (
	"errors"
	"fmt"
	"os"

	"github.com/hangtime-dev/hangtime/history"
)

// troubles records what the probe could not do or see, once each. One goroutine may use it.
type troubles struct {
	rec  *history.Recorder
	said map[string]bool
}

// maxSaid bounds what is told once each.
const maxSaid = 4096

// Trouble records what could not be done: what rests on it is void.
func (t *troubles) Trouble(what string, err error) { t.record(what, err, history.Voids) }

// Harmless records that something is read in another way, by which nothing is lost.
func (t *troubles) Harmless(what string, err error) { t.record(what, err, history.Harmless) }

func (t *troubles) record(what string, err error, weight history.Weight) {
	if t.said[what] {
		return
	}
	t.said[what] = true
	t.rec.Record(history.Trouble{Component: "probe", Text: fmt.Sprintf("%s: %v", what, err), Weight: weight})
}

// Unreadable records that evidence may not be read; that it vanished is no trouble.
func (t *troubles) Unreadable(what string, err error) {
	if errors.Is(err, os.ErrPermission) {
		t.Trouble("read "+what, fmt.Errorf("%w (hangtime sees more as the workers' own user, or as root)", err))
	}
}

// Unseen records that something of a worker may not be read; hides says that a hang may go unseen without it.
func (t *troubles) Unseen(pid int, what string, err error, hides bool) {
	key := fmt.Sprint("unseen ", pid, what)
	if t.said[key] || len(t.said) > maxSaid {
		return
	}
	t.said[key] = true
	ev := history.Unseen{PID: pid, What: what, Hides: hides, Reason: err.Error()}
	if errors.Is(err, os.ErrPermission) {
		ev.Allow = "run hangtime as the workers' own user, or as root"
	}
	t.rec.Record(ev)
}
