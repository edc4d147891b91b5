package rq

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/hangtime-dev/hangtime/queues"
	"github.com/hangtime-dev/hangtime/queues/resp"
)

// What RQ calls things in Redis; RQ_KEY_PREFIX, which changes it, is not known here.
const (
	defaultQueue = "default"
	jobPrefix    = "rq:job:"
	resultPrefix = "rq:results:"
	startedName  = "rq:wip:" // jobs that workers have begun, by when they are given up
	workersName  = "rq:workers:"
	workerPrefix = "rq:worker:"
)

const (
	lookAfter  = time.Second // after a job was given: from then on it is looked for where it should be
	againEvery = time.Second // between two looks at jobs that have ended well already
	againMost  = 500         // jobs in one of these looks
)

// A Client is one queue of RQ.
type Client struct {
	redis *resp.Client
	place queues.Place
	queue string

	mu      sync.Mutex
	retried map[string]int // times that each job of ours was begun again, as it was seen last
	done    []string       // jobs of ours that have ended well, in order
	times   map[string]int // how often, where it is more than once
	next    int            // of these, to be looked at again
	looked  time.Time
}

// Open connects to the Redis server that RQ uses for all.
func Open(ctx context.Context, place queues.Place, dial resp.Dial) (queues.System, error) {
	if place.Results != "" && place.Results != place.Broker {
		return nil, errors.New("results: RQ keeps results where the jobs are; want the broker's URL, or none")
	}
	u, err := resp.ParseURL(place.Broker)
	if err != nil {
		return nil, fmt.Errorf("broker: %w", err)
	}
	c := &Client{redis: resp.New(u, dial), place: place, queue: cmp.Or(place.Queue, defaultQueue), retried: map[string]int{},
		times: map[string]int{}}
	if _, err := c.redis.Do(ctx, "PING"); err != nil {
		c.redis.Close()
		return nil, err
	}
	return c, nil
}

func (c *Client) key() string { return "rq:queue:" + c.queue }

// Enqueue writes the job and puts it at the end of the queue, in one transaction.
func (c *Client) Enqueue(ctx context.Context, task queues.Task) error {
	fields, err := record(task, c.place, c.queue, time.Now())
	if err != nil {
		return err
	}
	_, err = c.redis.Pipe(ctx, []string{"MULTI"}, []string{"SADD", "rq:queues", c.key()},
		append([]string{"HSET", jobPrefix + task.ID}, fields...), []string{"RPUSH", c.key(), task.ID}, []string{"EXEC"})
	return err
}

// Depth counts by RQ's own lists.
func (c *Client) Depth(ctx context.Context) (queues.Depth, error) {
	if err := c.lookAgain(ctx); err != nil {
		return queues.Depth{}, err
	}
	answers, err := c.redis.Pipe(ctx, []string{"LLEN", c.key()}, []string{"ZCARD", startedName + c.queue},
		[]string{"LLEN", c.key() + ":intermediate"})
	if err != nil {
		return queues.Depth{}, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	depth := queues.Depth{Waiting: resp.Number(answers[0]), InFlight: resp.Number(answers[1]) + resp.Number(answers[2])}
	again := uint64(0)
	for _, n := range c.retried {
		again += uint64(n)
	}
	for _, n := range c.times {
		depth.DoneTwice += uint64(n - 1)
	}
	depth.Redelivered = &again
	return depth, nil
}

// lookAgain looks at some of the jobs that have ended well: each further time has left a result of its own.
func (c *Client) lookAgain(ctx context.Context) error {
	c.mu.Lock()
	var ids []string
	if now := time.Now(); now.Sub(c.looked) >= againEvery && len(c.done) > 0 {
		c.looked = now
		c.next %= len(c.done)
		ids = c.done[c.next:min(c.next+againMost, len(c.done))]
		c.next += len(ids)
	}
	c.mu.Unlock()
	if len(ids) == 0 {
		return nil
	}
	var commands [][]string
	for _, id := range ids {
		commands = append(commands, []string{"XRANGE", resultPrefix + id, "-", "+"})
	}
	answers, err := c.redis.Pipe(ctx, commands...)
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, answer := range answers {
		if n := timesDone(answer); n > 1 {
			c.times[ids[i]] = n
		}
	}
	return nil
}

// Workers counts those that are registered for the queue and have not gone without a word: RQ forgets a worker that was
// killed only after minutes, and one of this machine can be looked for.
func (c *Client) Workers(ctx context.Context) (int, error) {
	answer, err := c.redis.Do(ctx, "SMEMBERS", workersName+c.queue)
	if err != nil {
		return 0, err
	}
	keys := resp.Texts(answer)
	if len(keys) == 0 {
		return 0, nil
	}
	var commands [][]string
	for _, key := range keys {
		commands = append(commands, []string{"HMGET", key, "hostname", "pid", "state"})
	}
	answers, err := c.redis.Pipe(ctx, commands...)
	if err != nil {
		return 0, err
	}
	here, _ := os.Hostname()
	n := 0
	for _, one := range answers {
		about := resp.Texts(one)
		if len(about) < 3 || about[1] == "" || about[2] == "" { // its record has gone, or it has not begun
			continue
		}
		if _, err := os.Stat(filepath.Join("/proc", about[1])); about[0] == here && err != nil {
			continue
		}
		n++
	}
	return n, nil
}

// Missing has nothing to tell: RQ always keeps how a job ended.
func (c *Client) Missing() string { return "" }

// Close leaves nothing behind but the jobs.
func (c *Client) Close() error {
	c.redis.Close()
	return nil
}
