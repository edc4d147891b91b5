package rabbitmq

import (
	"fmt"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
)

// What a message says beside its body: how often its task was lent before it was put into this queue, when it is to
// be lent (ms since 1970; a broker's machines and its servers' are to agree on the time), and of a dead letter why it is one.
const (
	lentHeader   = "hangtime-lent"
	dueHeader    = "hangtime-due"
	reasonHeader = "hangtime-reason"
	triesHeader  = "hangtime-tries"
)

// A loan is a message that was delivered and not answered.
type loan struct {
	amqp.Delivery
	lent int64
	due  time.Time
}

func loanOf(d amqp.Delivery) *loan {
	l := &loan{Delivery: d}
	// Of a quorum queue: how often it was delivered and came back.
	l.lent = number(d.Headers[lentHeader]) + number(d.Headers["x-delivery-count"])
	if ms := number(d.Headers[dueHeader]); ms > 0 {
		l.due = time.UnixMilli(ms)
	}
	return l
}

func number(v any) int64 {
	switch n := v.(type) {
	case int64:
		return n
	case int32:
		return int64(n)
	}
	return 0
}

// message is what is put into a queue for a task; the zero due is at once.
func message(id string, body []byte, lent int64, due time.Time) amqp.Publishing {
	h := amqp.Table{lentHeader: lent}
	if !due.IsZero() {
		h[dueHeader] = due.UnixMilli()
	}
	return amqp.Publishing{MessageId: id, ContentType: "application/json", Body: body, Headers: h}
}

// token names a loan: a delivery is known by its number in the channel that it came on.
func token(channel int, d uint64) string { return fmt.Sprintf("%d/%d", channel, d) }
