package celery

import (
	"context"
	"crypto/rand"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/hangtime-dev/hangtime/queues"
	"github.com/hangtime-dev/hangtime/queues/resp"
)

const (
	censusEvery = time.Second            // at most
	mostListed  = 20_000                 // messages of the queue that are looked at
	chunk       = 500                    // of these at once
	answerWait  = 500 * time.Millisecond // for all workers' answers: the ledger waits 2 s for ours
	leastWait   = 20 * time.Millisecond  // between two looks for one
	mostAsked   = 1000                   // tasks in one question to the workers
)

// Standings are by the results, and for tasks without one by where they were last seen.
func (c *Client) Standings(ctx context.Context, given map[string]time.Time) (map[string]queues.Standing, error) {
	places, err := c.whereabouts(ctx, given) // first: what ends meanwhile has a result
	if err != nil {
		return nil, err
	}
	ids := make([]string, 0, len(given))
	get := []string{"MGET"}
	for id := range given {
		ids = append(ids, id)
		get = append(get, resultPrefix+id)
	}
	answer, err := c.results.Do(ctx, get...)
	if err != nil {
		return nil, err
	}
	standings := make(map[string]queues.Standing, len(ids))
	for i, text := range resp.Texts(answer) {
		standings[ids[i]] = places.of(ids[i], given[ids[i]])
		if state := stateOf(text); state != "" {
			standings[ids[i]] = queues.Standing{State: state}
			c.mu.Lock()
			c.told = true
			c.mu.Unlock()
		}
	}
	return standings, nil
}

// whereabouts is the newest census, made anew when it is old and a task is old enough to be looked for.
func (c *Client) whereabouts(ctx context.Context, given map[string]time.Time) (census, error) {
	c.asking.Lock()
	defer c.asking.Unlock()
	now := time.Now()
	old := map[string]bool{}
	for id, at := range given {
		if now.Sub(at) >= censusAfter {
			old[id] = true
		}
	}
	if len(old) == 0 || now.Sub(c.census.at) < censusEvery && c.census.knows(old) {
		return c.census, nil
	}
	made, err := c.count(ctx, now, old)
	if err != nil {
		return census{}, err
	}
	c.census = made
	return made, nil
}

// count looks for tasks in the order in which they move, so that one that moves on meanwhile is seen later on its way.
func (c *Client) count(ctx context.Context, now time.Time, tasks map[string]bool) (census, error) {
	made := census{at: now, all: true, asked: tasks, found: map[string]queues.Standing{}}
	for _, end := range priorities() {
		whole, err := c.list(ctx, c.queue+end, made.found)
		if err != nil {
			return census{}, err
		}
		made.all = made.all && whole
	}
	answer, err := c.broker.Do(ctx, "HVALS", unackedKey)
	if err != nil {
		return census{}, err
	}
	for _, text := range resp.Texts(answer) {
		if id := unackedID(text); id != "" {
			made.found[id] = queues.Standing{State: queues.Running}
		}
	}
	ids := slices.Collect(maps.Keys(tasks))
	if len(ids) > mostAsked {
		ids, made.all = ids[:mostAsked], false
	}
	answered, err := c.askWorkers(ctx, ids, made.found)
	made.all = made.all && answered
	return made, err
}

// list notes which tasks are in one list of the queue; whole: all of it was seen.
func (c *Client) list(ctx context.Context, key string, found map[string]queues.Standing) (whole bool, err error) {
	for from := 0; from < mostListed; from += chunk {
		answer, err := c.broker.Do(ctx, "LRANGE", key, strconv.Itoa(from), strconv.Itoa(from+chunk-1))
		if err != nil {
			return false, err
		}
		texts := resp.Texts(answer)
		for _, text := range texts {
			if id := idOf(text); id != "" {
				found[id] = queues.Standing{State: queues.Accepted}
			}
		}
		if len(texts) < chunk {
			return true, nil
		}
	}
	return false, nil
}

// askWorkers asks all workers of the broker which of the tasks they hold; all: each of them has answered.
func (c *Client) askWorkers(ctx context.Context, ids []string, found map[string]queues.Standing) (all bool, err error) {
	asked, answers, err := c.ask(ctx, ids)
	if err != nil {
		return false, err
	}
	host, _ := os.Hostname()
	for _, answer := range answers {
		for _, one := range answer {
			standing := queues.Standing{State: queues.Running}
			if one.state != "active" {
				standing.State = queues.Accepted
			}
			if _, at, _ := strings.Cut(one.host, "@"); at == host {
				standing.PID = one.pid
			}
			found[one.id] = standing
		}
	}
	return len(answers) >= asked, nil
}

// ask puts the question; asked is how many were there to hear it.
func (c *Client) ask(ctx context.Context, ids []string) (asked int, answers [][]held, err error) {
	ticket := rand.Text()
	until := time.Now().Add(answerWait)
	text, err := questionMessage(ids, c.replies, ticket, until)
	if err != nil {
		return 0, nil, err
	}
	said, err := c.broker.Pipe(ctx,
		[]string{"SADD", bindingPrefix + replyExchange, c.binding()},
		[]string{"PUBLISH", "/" + c.broker.Database() + "." + controlExchange, text})
	if err != nil {
		return 0, nil, err
	}
	asked = resp.Number(said[1])
	for len(answers) < asked && time.Now().Before(until) {
		answer, err := c.broker.Do(ctx, "BRPOP", c.replies, strconv.FormatFloat(max(time.Until(until), leastWait).Seconds(), 'f', 3, 64))
		if err != nil {
			return 0, nil, err
		}
		if parts := resp.Texts(answer); len(parts) == 2 {
			if one, ok := heldIn(parts[1], ticket); ok {
				answers = append(answers, one)
			}
		}
	}
	return asked, answers, nil
}

// Workers counts who hears a question to all workers and consumes from this queue; a worker that does not answer is not
// counted.
func (c *Client) Workers(ctx context.Context) (int, error) {
	c.asking.Lock()
	defer c.asking.Unlock()
	_, answers, err := c.ask(ctx, []string{})
	return len(answers), err
}
