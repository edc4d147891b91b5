package jetstream

import (
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
)

// A Token is where the engine wants to hear what became of a task that it lent: the subject that its delivery is to be
// answered to, docs.nats.io, "Consumer acknowledgements".
type Token string

// Ended says that the task needs not be given out again.
func (t Token) Ended(conn *nats.Conn) error { return conn.Publish(string(t), []byte("+ACK")) }

// Runs says that somebody is still at it: the engine waits as long again.
func (t Token) Runs(conn *nats.Conn) error { return conn.Publish(string(t), []byte("+WPI")) }

// Aside says that the task is not to be given out again although it did not end.
func (t Token) Aside(conn *nats.Conn, reason string) error {
	return conn.Publish(string(t), []byte("+TERM "+reason))
}

// Again gives the task back, to be given out after a time.
func (t Token) Again(conn *nats.Conn, after time.Duration) error {
	answer := "-NAK"
	if after > 0 {
		answer = fmt.Sprintf(`-NAK {"delay":%d}`, after.Nanoseconds())
	}
	return conn.Publish(string(t), []byte(answer))
}
