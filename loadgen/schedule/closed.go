package schedule

import (
	"fmt"
	"time"
)

// waiting is the schedule of users who each wait for an answer, think, and send again: nothing is due before that, so
// no moment can be told beforehand.
type waiting struct {
	users int
	think time.Duration
}

// Users are n who think for so long after each answer.
func Users(n int, think time.Duration) Schedule { return waiting{n, think} }

func (waiting) Due(uint64) time.Duration { return Never }

func (w waiting) String() string {
	if w.think == 0 {
		return fmt.Sprintf("closed loop of %d users, as fast as they are answered", w.users)
	}
	return fmt.Sprintf("closed loop of %d users who think for %v", w.users, w.think)
}

// A Crowd is the users that could send: each with the moment from which on. They come back in the order of these
// moments, for all think alike.
type Crowd struct {
	ready []time.Duration // a ring
	first int
	len   int
	think time.Duration
}

// NewCrowd spreads the first hits of the users over the time that they think.
func NewCrowd(n int, think, begin time.Duration) *Crowd {
	c := &Crowd{ready: make([]time.Duration, n), len: n, think: think}
	for i := range c.ready {
		c.ready[i] = begin + think*time.Duration(i)/time.Duration(n)
	}
	return c
}

// Next is when the next user will send; Never where all wait.
func (c *Crowd) Next() time.Duration {
	if c.len == 0 {
		return Never
	}
	return c.ready[c.first]
}

// Take lets that user send.
func (c *Crowd) Take() {
	c.first = (c.first + 1) % len(c.ready)
	c.len--
}

// Back is a user who has been answered.
func (c *Crowd) Back(now time.Duration) {
	c.ready[(c.first+c.len)%len(c.ready)] = now + c.think
	c.len++
}
