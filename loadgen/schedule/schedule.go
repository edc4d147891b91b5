package schedule

import (
	"math"
	"time"
)

// Never is the due time of a hit that will not come.
const Never = time.Duration(math.MaxInt64)

// A Schedule says when each hit is due, apart from whatever sends it. Due must not fall with n, and is Never after the
// last hit. It is called with n in any order, from several goroutines.
type Schedule interface {
	// Due is when hit n (from 0) is due, since the attack began.
	Due(n uint64) time.Duration
	// String says it in words: "200/s constant".
	String() string
}

// A chooser is a schedule that also says which target each hit goes to.
type chooser interface {
	target(n uint64) uint32
}

// seconds is a time that may be beyond all times.
func seconds(s float64) time.Duration {
	if ns := s * 1e9; ns < math.MaxInt64 {
		return time.Duration(ns)
	}
	return Never
}
