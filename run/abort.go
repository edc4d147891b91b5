package run

import (
	"errors"
	"fmt"

	"github.com/hangtime-dev/hangtime/history"
)

// ErrAborted is the cause of a run that a check with abort ended: the run went as it should, the server did not.
var ErrAborted = errors.New("a check ended the run")

// Abort ends the run in order, as Stop does, because the check at key does not hold. A second call has no effect.
func (r *Run) Abort(key, check string) {
	r.end(key, history.Aborted{Key: key, Check: check}, fmt.Errorf("%w early: %s did not hold", ErrAborted, check))
}
