package run

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/loadgen/hosts"
	"github.com/hangtime-dev/hangtime/queues"
	"github.com/hangtime-dev/hangtime/queues/celery"
	"github.com/hangtime-dev/hangtime/queues/door"
	"github.com/hangtime-dev/hangtime/queues/resp"
	"github.com/hangtime-dev/hangtime/queues/rq"
	"github.com/hangtime-dev/hangtime/scenarios"
)

// Where the URLs of a queue are, if the scenario leaves them out: they may hold a password.
const (
	brokerVariable  = "HANGTIME_BROKER"
	resultsVariable = "HANGTIME_RESULTS"
)

const lookForWorkers = 100 * time.Millisecond // between two looks

// An opener connects to a queue of one system.
type opener func(ctx context.Context, place queues.Place, dial resp.Dial) (queues.System, error)

func openers() map[string]opener {
	return map[string]opener{scenarios.Celery: celery.Open, scenarios.RQ: rq.Open}
}

// A queueDoor is what the load goes to where the server is the worker pool of a queue.
type queueDoor struct {
	*door.Door
	system queues.System
	socket string // of the door
	rec    *history.Recorder
}

// openQueue connects to the queue and opens a door to it in the variant's folder, which is ours alone.
func (l *launch) openQueue(ctx context.Context, q *scenarios.Queue) (*queueDoor, error) {
	open, ok := openers()[q.System]
	if !ok {
		return nil, fmt.Errorf("server.queue.system %q is not known", q.System)
	}
	place := queues.Place{Broker: cmp.Or(q.Broker, os.Getenv(brokerVariable)), Queue: q.Name, Retries: q.Retries, Timeout: q.Timeout}
	if q.System == scenarios.Celery {
		place.Results = cmp.Or(q.Results, os.Getenv(resultsVariable))
	}
	if place.Broker == "" {
		return nil, fmt.Errorf("server.queue.broker is missing, and %s is not set; such as redis://127.0.0.1:6379/0", brokerVariable)
	}
	dial, err := l.permittedDial(place)
	if err != nil {
		return nil, fmt.Errorf("server.queue: %w", err)
	}
	system, err := open(ctx, place, dial)
	if err != nil {
		return nil, fmt.Errorf("server.queue: %w", err)
	}
	socket := filepath.Join(l.dir, "queue.sock")
	listener, err := net.Listen("unix", socket)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open a door to the queue: %w", err), system.Close())
	}
	return &queueDoor{door.Open(listener, system), system, socket, l.rec}, nil
}

// freeQueue opens a queue that nobody takes tasks of yet; nil: none is asked for.
func (l *launch) freeQueue(ctx context.Context, q *scenarios.Queue) (*queueDoor, error) {
	if q == nil {
		return nil, nil
	}
	opened, err := l.openQueue(ctx, q)
	if err != nil {
		return nil, err
	}
	n, err := opened.system.Workers(ctx)
	if err == nil && n > 0 {
		err = fmt.Errorf("server.queue: workers take its tasks already (%d by %s's own account); the load would go to them too",
			n, q.System)
	}
	if err != nil {
		return nil, errors.Join(err, opened.Close())
	}
	return opened, nil
}

// takenQueue opens a queue that somebody takes tasks of; nil: none is asked for.
func (l *launch) takenQueue(ctx context.Context, q *scenarios.Queue) (*queueDoor, error) {
	if q == nil {
		return nil, nil
	}
	opened, err := l.openQueue(ctx, q)
	if err != nil {
		return nil, err
	}
	n, err := opened.system.Workers(ctx)
	if err == nil && n == 0 {
		err = fmt.Errorf("server.queue: by %s's own account nobody takes its tasks: is it the broker, and the queue, of these workers?",
			q.System)
	}
	if err != nil {
		return nil, errors.Join(err, opened.Close())
	}
	return opened, nil
}

// way is where the load goes: to the server's address, or through the door to its queue.
func (s *server) way(load scenarios.Load) (through scenarios.Load, base string) {
	if s.queue == nil {
		return load, s.base
	}
	load.UnixSocket = s.queue.socket
	return load, "http://localhost"
}

// permittedDial connects to the hosts of a queue only, at the addresses that they have now: this machine, or one that a
// person has named.
func (l *launch) permittedDial(place queues.Place) (resp.Dial, error) {
	known := hosts.Known{}
	for key, text := range map[string]string{"broker": place.Broker, "results": place.Results} {
		if text == "" {
			continue
		}
		u, err := resp.ParseURL(text)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", key, err)
		}
		if err := known.Permit(u.Hostname(), l.allow, nil); err != nil {
			return nil, fmt.Errorf("%s: %w", key, err)
		}
	}
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		return known.DialContext(ctx, &net.Dialer{}, network, address)
	}, nil
}

// taken waits until somebody takes tasks of the queue, and closes the channel it returns then; never when ctx ends first.
func (q *queueDoor) taken(ctx context.Context) <-chan struct{} {
	ready := make(chan struct{})
	go func() {
		for ctx.Err() == nil {
			if n, err := q.system.Workers(ctx); err == nil && n > 0 {
				close(ready)
				return
			}
			_ = until(ctx, time.Now().Add(lookForWorkers))
		}
	}()
	return ready
}

// close tells what could not be seen, and closes the door.
func (q *queueDoor) close() {
	if q == nil {
		return
	}
	if text := q.system.Missing(); text != "" {
		q.rec.Record(history.Trouble{Component: "load", Text: text})
	}
	if err := q.Close(); err != nil {
		q.rec.Record(history.Trouble{Component: "load", Weight: history.Harmless, Text: "close the queue: " + err.Error()})
	}
}
