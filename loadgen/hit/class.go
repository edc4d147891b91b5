package hit

import "github.com/hangtime-dev/hangtime/history"

// A Class is what became of a hit.
type Class uint8

const (
	ClassOK Class = iota
	ClassStatus
	ClassTimeout
	ClassRefused
	ClassReset
	ClassClosed
	ClassMalformed
	ClassResent
	ClassDropped
	ClassUnanswered
	ClassOther
	Classes // how many there are
)

// Name is the class as the history calls it; empty for ok.
func (c Class) Name() string {
	return [Classes]string{"", history.ErrStatus, history.ErrTimeout, history.ErrRefused, history.ErrReset,
		history.ErrClosed,
		history.ErrMalformed, history.ErrResent, history.ErrDropped, history.ErrUnanswered, history.ErrOther}[c]
}
