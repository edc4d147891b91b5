package rq

import (
	"context"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/hangtime-dev/hangtime/queues"
	"github.com/hangtime-dev/hangtime/queues/resp"
)

// A standingJob is a job as its own record and result tell it.
type standingJob struct {
	status, worker, trouble string
	retried                 int
}

// mostListed is how many jobs of the queue are looked at.
const mostListed = 20_000

// Standings are by the jobs' own records; one that says that it waits or runs is looked for where it then must be.
func (c *Client) Standings(ctx context.Context, given map[string]time.Time) (map[string]queues.Standing, error) {
	// In the order in which jobs move, so that one that moves on meanwhile is seen later on its way.
	commands := [][]string{
		{"LRANGE", c.key(), "0", strconv.Itoa(mostListed - 1)},
		{"LRANGE", c.key() + ":intermediate", "0", strconv.Itoa(mostListed - 1)},
		{"ZRANGE", startedName + c.queue, "0", "-1"},
	}
	const before = 3 // answers
	var ids []string
	for id := range given {
		ids = append(ids, id)
		commands = append(commands,
			[]string{"HMGET", jobPrefix + id, "status", "worker_name", "number_of_retries", "retries_left"},
			[]string{"XREVRANGE", resultPrefix + id, "+", "-", "COUNT", "1"})
	}
	answers, err := c.redis.Pipe(ctx, commands...)
	if err != nil {
		return nil, err
	}
	listed, whole := map[string]bool{}, true
	for _, answer := range answers[:before] {
		members := resp.Texts(answer)
		whole = whole && len(members) < mostListed
		for _, member := range members {
			id, _, _ := strings.Cut(member, ":") // of those that were begun job:execution; before RQ 2, the job alone
			listed[id] = true
		}
	}
	standings, workers := map[string]queues.Standing{}, map[string]string{}
	for i, id := range ids {
		one := jobIn(answers[before+2*i], answers[before+2*i+1], c.place.Retries)
		standings[id] = one.standing(listed[id] || !whole || time.Since(given[id]) < lookAfter)
		if one.status == "started" && one.worker != "" {
			workers[id] = one.worker
		}
		c.note(id, one)
	}
	return standings, c.processes(ctx, standings, workers)
}

// jobIn reads a job's record and its newest result. RQ counts a job up that asks to be tried again, and one whose process
// died down from the retries that it was given.
func jobIn(record, result any, retries int) standingJob {
	about := resp.Texts(record)
	if len(about) < 4 {
		return standingJob{}
	}
	one := standingJob{status: about[0], worker: about[1]}
	one.retried, _ = strconv.Atoi(about[2]) // a job that never asked has none
	if left, err := strconv.Atoi(about[3]); err == nil {
		one.retried += max(retries-left, 0)
	}
	if entries, _ := result.([]any); len(entries) > 0 {
		one.trouble = field(entries[0], "exc_string")
	}
	return one
}

// standing is what a job's record makes of it; listed: it is in the queue, on its way to a worker, or with one, or that
// cannot be said: it is too young to be looked for, or the queue too long.
func (j standingJob) standing(listed bool) queues.Standing {
	switch j.status {
	case "finished":
		return queues.Standing{State: queues.Done}
	case "failed":
		return queues.Standing{State: failure(j.trouble)}
	case "stopped", "canceled":
		return queues.Standing{State: queues.Failed}
	case "deferred", "scheduled", "rate_limited", "ready_to_enqueue":
		return queues.Standing{State: queues.Accepted}
	}
	switch { // queued, started, or no record at all
	case !listed:
		return queues.Standing{State: queues.Unknown}
	case j.status == "started":
		return queues.Standing{State: queues.Running}
	}
	return queues.Standing{State: queues.Accepted}
}

func (c *Client) note(id string, j standingJob) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if j.retried > 0 {
		c.retried[id] = j.retried
	}
	if j.status == "finished" {
		c.done = append(c.done, id)
	}
}

// processes adds which process of this machine has a job: its worker has registered itself with it.
func (c *Client) processes(ctx context.Context, standings map[string]queues.Standing, workers map[string]string) error {
	var ids []string
	var commands [][]string
	for id, worker := range workers {
		ids = append(ids, id)
		commands = append(commands, []string{"HMGET", workerPrefix + worker, "hostname", "pid"})
	}
	if len(ids) == 0 {
		return nil
	}
	answers, err := c.redis.Pipe(ctx, commands...)
	if err != nil {
		return err
	}
	here, _ := os.Hostname()
	for i, answer := range answers {
		about := resp.Texts(answer)
		if len(about) < 2 || about[0] != here {
			continue
		}
		if pid, err := strconv.Atoi(about[1]); err == nil {
			standings[ids[i]] = queues.Standing{State: standings[ids[i]].State, PID: pid}
		}
	}
	return nil
}
