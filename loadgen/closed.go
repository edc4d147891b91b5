package loadgen

import (
	"fmt"
	"time"
)

// waiting is the schedule of users who each wait for an answer, think, and send again: nothing is due before that, so no moment can be told beforehand.
type waiting struct {
	users int
	think time.Duration
}

func users(n int, think time.Duration) waiting { return waiting{n, think} }

func (waiting) Due(uint64) time.Duration { return never }

func (w waiting) String() string {
	if w.think == 0 {
		return fmt.Sprintf("closed loop of %d users, as fast as they are answered", w.users)
	}
	return fmt.Sprintf("closed loop of %d users who think for %v", w.users, w.think)
}

// A crowd is the users that could send: each with the moment from which on. They come back in the order of these moments, for all think alike.
type crowd struct {
	ready []time.Duration // a ring
	first int
	len   int
	think time.Duration
}

// newCrowd spreads the first hits of the users over the time that they think.
func newCrowd(n int, think, begin time.Duration) *crowd {
	c := &crowd{ready: make([]time.Duration, n), len: n, think: think}
	for i := range c.ready {
		c.ready[i] = begin + think*time.Duration(i)/time.Duration(n)
	}
	return c
}

// next is when the next user will send; never where all wait.
func (c *crowd) next() time.Duration {
	if c.len == 0 {
		return never
	}
	return c.ready[c.first]
}

// take lets that user send.
func (c *crowd) take() {
	c.first = (c.first + 1) % len(c.ready)
	c.len--
}

// back is a user who has been answered.
func (c *crowd) back(now time.Duration) {
	c.ready[(c.first+c.len)%len(c.ready)] = now + c.think
	c.len++
}
