package tasks

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
	js "github.com/nats-io/nats.go/jetstream"

	"github.com/hangtime-dev/hangtime/reference-server/board"
	"github.com/hangtime-dev/hangtime/reference-server/jetstream"
)

// What a message in the engine says beside its body: the task's id, and of a dead letter why it is one, and after how
// many tries.
const (
	idHeader     = "Hangtime-Task"
	reasonHeader = "Hangtime-Reason"
	triesHeader  = "Hangtime-Tries"
)

// A letter is a task as the engine has it.
type letter struct {
	ID       string        `json:"id"`
	Work     string        `json:"work"`
	Duration time.Duration `json:"duration"` // nanoseconds
	Size     int           `json:"size,omitempty"`
	Due      time.Time     `json:"due,omitzero"` // not before; the zero time: at once
}

// message is what is published for a task.
func message(t *Task, id string) (*nats.Msg, error) {
	l := letter{ID: id, Work: t.Work, Duration: t.Duration, Size: t.Size}
	if t.Delay > 0 {
		l.Due = time.Now().Add(t.Delay)
	}
	body, err := json.Marshal(l)
	if err != nil {
		return nil, err
	}
	return &nats.Msg{Subject: jetstream.Ready, Data: body, Header: nats.Header{idHeader: {id}}}, nil
}

// got is told what the engine lends. What has ended already, as its worker died before the engine heard of it, is not
// done again; nor is what runs in a worker that is well.
func (q *jetStream) got(d jetstream.Delivery) {
	var l letter
	if err := json.Unmarshal(d.Body, &l); err != nil {
		q.bury(d.Token, "unreadable-"+string(d.Token), d.Body, "it is no task: "+err.Error(), d.Earlier)
		return
	}
	if early := time.Until(l.Due); early > 0 {
		// The engine keeps it until then. Its own schedules do not go together with a stream that refuses what is too much.
		_ = d.Token.Again(q.conn, early)
		return
	}
	t := &Task{Spec: Spec{Work: l.Work, Duration: l.Duration, Size: l.Size}, token: d.Token}
	now := q.now()
	n, err := q.board.IDs.Number(l.ID)
	if known := q.board.Tasks.Get(n); err == nil && known.State != board.Unknown {
		t.Number, t.Accepted = n, known.Accepted
		if known.State.Ended() && known.State != board.DeadLettered && known.State != board.Lost {
			_ = d.Token.Ended(q.conn) // if it is not heard, the task comes once more
			return
		}
	} else {
		// It was accepted by a server before this one, or by another that shares the engine.
		t.Number, t.Accepted, t.earlier = q.board.Tasks.Accept(board.Owner{}, now), now, d.Earlier
		if !l.Due.IsZero() {
			t.earlier = max(0, t.earlier-1) // the first time it was too early
		}
		q.board.Keys.Set(t.Number, 0)
	}
	q.board.Leases.Stored(t.Number)
	switch {
	case q.tries(t) >= q.own.Tries:
		q.board.Tasks.End(t.Number, board.DeadLettered, now)
		q.putAside(t, "its worker died each time that it was tried")
	case q.board.Leases.Hold(t.Number, q.owner, string(d.Token), now, now-int64(q.own.AckWait)):
		q.mu.Lock()
		q.waiting = append(q.waiting, t)
		q.mu.Unlock()
		q.ready(t.Number)
	default:
		_ = d.Token.Again(q.conn, q.own.AckWait/3)
	}
}

// putAside dead-letters a task; the board says so already.
func (q *jetStream) putAside(t *Task, reason string) {
	id := q.board.IDs.Of(t.Number)
	body, err := json.Marshal(letter{ID: id, Work: t.Work, Duration: t.Duration, Size: t.Size})
	if err != nil {
		body = nil // a letter always has a form: it came as one
	}
	q.bury(t.token, id, body, reason, q.tries(t))
}

// bury puts a message into the dead letters, and only then out of the queue; beside the loop, for the engine may take
// its time. When that fails the task is given out again, and buried then.
func (q *jetStream) bury(token jetstream.Token, id string, body []byte, reason string, tries int) {
	m := &nats.Msg{Subject: jetstream.Dead, Data: body,
		Header: nats.Header{idHeader: {id}, reasonHeader: {reason}, triesHeader: {strconv.Itoa(tries)}}}
	q.aside.Go(func() {
		ctx, cancel := context.WithTimeout(context.Background(), jetstream.PublishLimit)
		defer cancel()
		if _, err := q.engine.PublishMsg(ctx, m, js.WithMsgID(fmt.Sprintf("dead-%s", id))); err == nil {
			_ = token.Aside(q.conn, reason)
		}
	})
}
