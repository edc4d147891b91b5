package rabbitmq

import (
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/hangtime-dev/hangtime/reference-server/tasks"
)

// take ends a loan here, and gives what is needed to answer it. There is none when its channel is closed: the broker
// has lent it to another by now.
func (e *engine) take(token string) (*loan, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	l, ok := e.loans[token]
	delete(e.loans, token)
	return l, ok
}

// answer is beside the loop, for a broker may take its time. When it is not heard the task comes once more.
func (e *engine) answer(token string, how func(*loan)) {
	if l, ok := e.take(token); ok {
		e.aside.Go(func() { how(l) })
	}
}

// Ended acknowledges.
func (e *engine) Ended(token string) {
	e.answer(token, func(l *loan) { _ = l.Ack(false) })
}

// Again gives the loan back, or puts the task where it waits for so long.
func (e *engine) Again(token string, after time.Duration) {
	if after <= 0 {
		e.answer(token, func(l *loan) { _ = l.Nack(false, true) })
		return
	}
	e.mu.Lock()
	l, ok := e.loans[token]
	e.mu.Unlock()
	if ok {
		e.later(token, after, l.lent+1)
	}
}

func (e *engine) later(token string, after time.Duration, lent int64) {
	due := time.Now().Add(after)
	e.move(token, laterName(e.own.Queue, step(after)), func(l *loan) amqp.Publishing {
		return message(l.MessageId, l.Body, lent, due)
	})
}

// Aside puts it with the dead letters.
func (e *engine) Aside(token, reason string, tries int) {
	e.move(token, deadName(e.own.Queue), func(l *loan) amqp.Publishing {
		m := message(l.MessageId, l.Body, l.lent+1, time.Time{})
		m.Headers[reasonHeader], m.Headers[triesHeader] = reason, int64(tries)
		return m
	})
}

// move puts a task into another queue, and only then out of this one.
func (e *engine) move(token, queue string, as func(*loan) amqp.Publishing) {
	e.answer(token, func(l *loan) {
		if e.publish(queue, as(l)) != nil {
			_ = l.Nack(false, true) // it comes again, and is moved then
			return
		}
		_ = l.Ack(false)
	})
}

func (e *engine) Guarantees() tasks.Guarantees { return guarantees(e.own) }
