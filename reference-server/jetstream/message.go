package jetstream

import (
	"strconv"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/hangtime-dev/hangtime/reference-server/lending"
)

// What a message in the engine says beside its body: the task's id and when it is due, and of a dead letter why it is
// one, and after how many tries.
const (
	idHeader     = "Hangtime-Task"
	dueHeader    = "Hangtime-Due" // RFC 3339; none: at once
	reasonHeader = "Hangtime-Reason"
	triesHeader  = "Hangtime-Tries"
)

// message is what is published for a task. Until it is due it comes and is given back: the engine's own schedules do not
// go together with a stream that refuses what is too much.
func message(s lending.Submission) *nats.Msg {
	m := &nats.Msg{Subject: Ready, Data: s.Body, Header: nats.Header{idHeader: {s.ID}}}
	if s.Delay > 0 {
		m.Header.Set(dueHeader, time.Now().Add(s.Delay).Format(time.RFC3339Nano))
	}
	return m
}

// untilDue is how long a task is not to be begun yet; delayed: it has a time before which it is not.
func untilDue(m *nats.Msg) (early time.Duration, delayed bool) {
	due, err := time.Parse(time.RFC3339Nano, m.Header.Get(dueHeader))
	if err != nil {
		return 0, false
	}
	return time.Until(due), true
}

// deadLetter is what is published for a task that was put aside.
func deadLetter(d Delivery, reason string, tries int) *nats.Msg {
	return &nats.Msg{Subject: Dead, Data: d.Body,
		Header: nats.Header{idHeader: {d.ID}, reasonHeader: {reason}, triesHeader: {strconv.Itoa(tries)}}}
}
