package rabbitmq

import (
	"context"
	"errors"
	"net"
	"sync"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
)

// Times of a connection. A broker that was killed is back within some seconds, and until then is asked for often.
const (
	dialLimit = 2 * time.Second
	askAgain  = 100 * time.Millisecond
)

// A session is one connection, with a channel to publish on.
type session struct {
	conn    *amqp.Connection
	publish *amqp.Channel
	lost    chan *amqp.Error // closed when the connection is

	mu       sync.Mutex
	returns  chan amqp.Return
	returned map[string]bool // ids of messages that no queue was there for
}

// dial connects; heartbeat is how often each side says that it is there, and after two that are missing it is not.
func dial(url, name string, heartbeat time.Duration) (*session, error) {
	properties := amqp.NewConnectionProperties()
	properties.SetClientConnectionName(name)
	conn, err := amqp.DialConfig(url, amqp.Config{Heartbeat: heartbeat, Properties: properties,
		Dial: func(network, address string) (net.Conn, error) {
			c, err := net.DialTimeout(network, address, dialLimit)
			if err == nil {
				err = c.SetDeadline(time.Now().Add(2 * dialLimit)) // until the broker has answered; the library clears it then
			}
			return c, err
		}})
	if err != nil {
		return nil, err
	}
	c, err := conn.Channel()
	if err == nil {
		err = c.Confirm(false)
	}
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return &session{conn: conn, publish: c, lost: conn.NotifyClose(make(chan *amqp.Error, 1)),
		returns: c.NotifyReturn(make(chan amqp.Return, 256)), returned: map[string]bool{}}, nil
}

// What becomes of a message that the broker did not take over.
var (
	errFull   = errors.New("the queue is full")
	errNoWord = errors.New("the broker says nothing")
)

// put publishes and returns when the broker has the message on its disk.
func (s *session) put(ctx context.Context, queue string, m amqp.Publishing) error {
	m.DeliveryMode = amqp.Persistent
	said, err := s.publish.PublishWithDeferredConfirmWithContext(ctx, "", queue, true, false, m)
	if err != nil {
		return errNoWord
	}
	acked, err := said.WaitContext(ctx)
	switch {
	case err != nil, s.publish.IsClosed(): // a channel that closes refuses what is open in it
		return errNoWord
	case !acked:
		return errFull
	case s.wasReturned(m.MessageId):
		return errNoWord // the arbiter makes the queue again
	}
	return nil
}

// wasReturned says whether a message came back: that is said before it is confirmed.
func (s *session) wasReturned(id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		select {
		case r, ok := <-s.returns:
			if ok {
				s.returned[r.MessageId] = true
				continue
			}
		default:
		}
		was := s.returned[id]
		delete(s.returned, id)
		return was
	}
}

func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
