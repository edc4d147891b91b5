package loadgen

import (
	"github.com/hangtime-dev/hangtime/loadgen/hit"
	"github.com/hangtime-dev/hangtime/loadgen/http1"
)

// newFast is the fast engine; nil where it cannot do what is asked, and why.
func newFast(j *hit.Job) (fast engine, why string, err error) {
	e, why, err := http1.New(j)
	if e == nil || err != nil {
		return nil, why, err // not e: an interface that holds a nil is none
	}
	return e, "", nil
}
