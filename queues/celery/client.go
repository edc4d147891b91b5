package celery

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/hangtime-dev/hangtime/queues"
	"github.com/hangtime-dev/hangtime/queues/resp"
)

// What Celery and kombu call things in Redis.
const (
	defaultQueue  = "celery"
	separator     = "\x06\x16" // between the parts of a binding, and before a queue's priority
	unackedKey    = "unacked"
	resultPrefix  = "celery-task-meta-"
	bindingPrefix = "_kombu.binding."
)

// priorities are the ends of the names of a queue's lists: kombu keeps one list for each of its four steps of priority.
func priorities() []string { return []string{"", separator + "3", separator + "6", separator + "9"} }

const listenAgain = time.Second // after the subscription to results broke

// A Client is one queue of Celery.
type Client struct {
	broker, results *resp.Client
	queue           string
	replies         string // the list of workers' answers to us, and the key that leads to it
	stop            context.CancelFunc
	listening       sync.WaitGroup
	asking          sync.Mutex // of the one who asks the workers

	mu     sync.Mutex
	done   map[string]int // how often each task of ours has ended well
	twice  uint64
	told   bool // a task of ours had a result
	census census
}

// Open connects to the broker and to the store of results, both Redis servers.
func Open(ctx context.Context, place queues.Place, dial resp.Dial) (queues.System, error) {
	broker, err := resp.ParseURL(place.Broker)
	if err != nil {
		return nil, fmt.Errorf("broker: %w", err)
	}
	results, err := resp.ParseURL(cmp.Or(place.Results, place.Broker))
	if err != nil {
		return nil, fmt.Errorf("results: %w", err)
	}
	listening, stop := context.WithCancel(context.WithoutCancel(ctx))
	c := &Client{broker: resp.New(broker, dial), results: resp.New(results, dial), stop: stop,
		queue: cmp.Or(place.Queue, defaultQueue), replies: "hangtime-" + rand.Text(), done: map[string]int{}}
	for _, one := range []*resp.Client{c.broker, c.results} {
		if _, err := one.Do(ctx, "PING"); err != nil {
			stop()
			c.broker.Close()
			c.results.Close()
			return nil, err
		}
	}
	subscribed := make(chan struct{})
	c.listening.Go(func() { c.listen(listening, sync.OnceFunc(func() { close(subscribed) })) })
	select {
	case <-subscribed:
	case <-ctx.Done():
		return nil, fmt.Errorf("subscribe to results: %w", errors.Join(ctx.Err(), c.Close()))
	}
	return c, nil
}

// listen hears each result when it is stored: Celery publishes it too, and so a task that ended well twice is seen.
func (c *Client) listen(ctx context.Context, ready func()) {
	for ctx.Err() == nil {
		_ = c.results.Subscribe(ctx, resultPrefix+"*", ready, func(channel, text string) {
			if stateOf(text) == queues.Done {
				c.endedWell(strings.TrimPrefix(channel, resultPrefix))
			}
		})
		select {
		case <-ctx.Done():
		case <-time.After(listenAgain):
		}
	}
}

func (c *Client) endedWell(id string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	n, ours := c.done[id]
	if !ours {
		return
	}
	c.done[id] = n + 1
	if n > 0 {
		c.twice++
	}
}

// Enqueue puts a task at the end of the queue, as kombu does.
func (c *Client) Enqueue(ctx context.Context, task queues.Task) error {
	text, err := taskMessage(task, c.queue, rand.Text())
	if err != nil {
		return err
	}
	c.mu.Lock()
	c.done[task.ID] = 0 // before a worker can have ended it
	c.mu.Unlock()
	_, err = c.broker.Do(ctx, "LPUSH", c.queue, text)
	return err
}

// Depth counts by Redis's own lists.
func (c *Client) Depth(ctx context.Context) (queues.Depth, error) {
	commands := [][]string{{"HLEN", unackedKey}}
	for _, end := range priorities() {
		commands = append(commands, []string{"LLEN", c.queue + end})
	}
	answers, err := c.broker.Pipe(ctx, commands...)
	if err != nil {
		return queues.Depth{}, err
	}
	depth := queues.Depth{InFlight: resp.Number(answers[0])}
	for _, n := range answers[1:] {
		depth.Waiting += resp.Number(n)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	depth.DoneTwice = c.twice
	return depth, nil
}

// Missing is what a worker without a store of results leaves open.
func (c *Client) Missing() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.done) == 0 || c.told {
		return ""
	}
	return "no task has a result in the store: are the workers' result_backend and server.queue.results the same, and do they keep " +
		"results (task_ignore_result is off)?"
}

// Close removes what leads workers' answers to us.
func (c *Client) Close() error {
	c.stop()
	c.listening.Wait()
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_, err := c.broker.Pipe(ctx, []string{"SREM", bindingPrefix + replyExchange, c.binding()}, []string{"DEL", c.replies})
	c.broker.Close()
	c.results.Close()
	return err
}

// binding leads what workers send to our key into our list: routing key, pattern, list.
func (c *Client) binding() string { return strings.Join([]string{c.replies, "", c.replies}, separator) }
