package lending

import (
	"fmt"
	"time"

	"github.com/hangtime-dev/hangtime/reference-server/settings"
)

// A Policy says how often and when a task is tried. It is part of each engine's settings.
type Policy struct {
	Tries   int
	Backoff time.Duration // before the second try; twice as long before each one that follows
	AckWait time.Duration // a task whose worker's loop has not turned for so long is given to another
}

// DefaultPolicy is the one that is meant where nothing is said.
func DefaultPolicy() Policy {
	return Policy{Tries: 5, Backoff: 500 * time.Millisecond, AckWait: 30 * time.Second}
}

// Options are the policy's in the settings of a backend, whose name is whose; prefix is what their names begin with.
func (p *Policy) Options(prefix, whose string) []settings.Option {
	return []settings.Option{
		{Name: prefix + "-tries", Value: &p.Tries,
			Help: "times that a task is started before it is dead-lettered; the last time it runs alone in its worker (" + whose + ")"},
		{Name: prefix + "-backoff", Value: &p.Backoff,
			Help: "pause after a task's first failed try; each further one is twice as long (" + whose + ")"},
		{Name: prefix + "-ack-wait", Value: &p.AckWait,
			Help: "a task whose worker's loop has not turned for so long is given to another (" + whose + ")"},
	}
}

// Wrong says what is wrong with a policy whose options' names begin with prefix.
func (p *Policy) Wrong(prefix string) (all []error) {
	if p.Tries < 2 {
		all = append(all, fmt.Errorf("%s-tries: want 2 or more, so that a task outlives its worker, got %d", prefix, p.Tries))
	}
	if p.AckWait < time.Second {
		all = append(all, fmt.Errorf("%s-ack-wait: want 1s or more, for a loop turns four times a second, got %v", prefix, p.AckWait))
	}
	return all
}

// Fails says in words what becomes of a task that fails, for tasks.Guarantees.
func (p *Policy) Fails() string {
	return fmt.Sprintf("it is tried %d times, and then dead-lettered", p.Tries)
}

// backoffMost is the longest pause between two tries.
const backoffMost = 5 * time.Minute

// pause is the time before the next try of a task that was begun so often.
func (p *Policy) pause(tries int) time.Duration {
	d := p.Backoff
	for i := 1; i < tries && d < backoffMost; i++ {
		d *= 2
	}
	return min(d, backoffMost)
}
