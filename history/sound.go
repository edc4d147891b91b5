package history

import (
	"fmt"
	"time"
)

// widest bounds the window in which hits were due: it is 100 ms.
const widest = time.Hour

// Sound says why a record cannot be: an event that looks back carries times of its own, and none of them can lie behind
// the moment at which it was recorded.
func (r Record) Sound() error {
	wrong := false
	switch ev := r.Event.(type) {
	case LoadWindow:
		wrong = ev.From < 0 || ev.From > ev.To || ev.To > r.At
	case HitWindow:
		wrong = ev.Due < 0 || ev.Due > r.At || ev.Width < 0 || ev.Width > widest
	}
	if wrong {
		return fmt.Errorf("record %d at %v: a %s with times that cannot be", r.Seq, r.At, r.kind())
	}
	return nil
}
