package rabbitmq

import (
	"fmt"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
)

// A task that is to wait is put into a queue whose messages all wait equally long, and come from there to the tasks.
// The broker has no queue that knows of each message how long (without a plugin), so there is one for each of a few
// times, and a task goes through several of them until it has waited long enough.
const (
	shortest = 64 * time.Millisecond
	times    = 4 // as long is the next one
	steps    = 9 // the longest is above an hour, which is the longest delay of a task
)

// step is the longest wait that is not above d; what is left of d is waited for after it.
func step(d time.Duration) time.Duration {
	s := shortest
	for range steps - 1 {
		if s*times > d {
			break
		}
		s *= times
	}
	return s
}

func laterName(queue string, wait time.Duration) string {
	return fmt.Sprintf("%s.later.%dms", queue, wait.Milliseconds())
}

func deadName(queue string) string { return queue + ".dead" }

// declare makes the queues. All are quorum queues, of which the broker has what it has confirmed on the disk of most
// of its nodes; what is one too many it refuses, rabbitmq.com/docs/quorum-queues.
func declare(c *amqp.Channel, queue string, limit int) error {
	args := func(more amqp.Table) amqp.Table {
		t := amqp.Table{"x-queue-type": "quorum", "x-max-length": int64(limit), "x-overflow": "reject-publish"}
		for k, v := range more {
			t[k] = v
		}
		return t
	}
	all := map[string]amqp.Table{
		queue:           args(nil),
		deadName(queue): args(amqp.Table{"x-overflow": "drop-head"}),
	}
	wait := shortest
	for range steps {
		all[laterName(queue, wait)] = args(amqp.Table{"x-message-ttl": wait.Milliseconds(),
			// Not before the tasks have it is it gone from here.
			"x-dead-letter-strategy": "at-least-once", "x-dead-letter-exchange": "", "x-dead-letter-routing-key": queue})
		wait *= times
	}
	for name, args := range all {
		if _, err := c.QueueDeclare(name, true, false, false, false, args); err != nil {
			return err
		}
	}
	return nil
}

// counted is how many messages wait to be tasks, and how many of them are for later.
func counted(c *amqp.Channel, queue string) (all int, err error) {
	names := []string{queue}
	for wait, i := shortest, 0; i < steps; wait, i = wait*times, i+1 {
		names = append(names, laterName(queue, wait))
	}
	for _, name := range names {
		q, err := c.QueueDeclarePassive(name, true, false, false, false, amqp.Table{"x-queue-type": "quorum"})
		if err != nil {
			return 0, err
		}
		all += q.Messages
	}
	return all, nil
}
