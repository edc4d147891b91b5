package temporal

import (
	"context"
	"time"

	"go.temporal.io/api/common/v1"
	enums "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/api/workflowservice/v1"

	"github.com/hangtime-dev/hangtime/reference-server/lending"
)

// Temporal gives one task for each question, and keeps a question open until it has one, for up to a minute.
const (
	pollsMost = 8
	pollLimit = 70 * time.Second
)

// lend keeps as many questions open as there is room for tasks, and never more: what this worker has and is not at work
// on would wait with it although others are free.
func (e *engine) lend(ctx context.Context, room func() int, got func(lending.Delivery)) {
	for ctx.Err() == nil {
		open := e.polls.Load() // only this function adds one
		if open < pollsMost && int64(room()) > open {
			e.polls.Add(1)
			e.ended.Go(func() {
				e.poll(ctx, got)
				e.polls.Add(-1)
				e.Ask()
			})
			continue
		}
		select {
		case <-e.wake:
		case <-ctx.Done():
		}
	}
}

// poll asks once.
func (e *engine) poll(ctx context.Context, got func(lending.Delivery)) {
	limited, cancel := context.WithTimeout(ctx, pollLimit)
	defer cancel()
	r, err := e.client.WorkflowService().PollActivityTaskQueue(limited, &workflowservice.PollActivityTaskQueueRequest{
		Namespace: e.own.Namespace, Identity: e.identity,
		TaskQueue: &taskqueue.TaskQueue{Name: e.own.Queue, Kind: enums.TASK_QUEUE_KIND_NORMAL}})
	switch {
	case err != nil:
		pause(ctx, askAgain)
	case len(r.GetTaskToken()) > 0:
		t := token(r.GetActivityId(), r.GetAttempt())
		e.mu.Lock()
		e.loans[t] = r.GetTaskToken()
		e.mu.Unlock()
		e.one.Lock()
		defer e.one.Unlock()
		got(lending.Delivery{Token: t, Body: body(r.GetInput()), Earlier: int(r.GetAttempt()) - 1})
	}
}

// body is what start gave; of an activity that another program started there may be none.
func body(input *common.Payloads) []byte {
	if all := input.GetPayloads(); len(all) > 0 {
		return all[0].GetData()
	}
	return nil
}
