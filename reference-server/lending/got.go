package lending

import (
	"encoding/json"
	"time"

	"github.com/hangtime-dev/hangtime/reference-server/board"
	"github.com/hangtime-dev/hangtime/reference-server/tasks"
)

// doubtEvery is how often the board is asked whether another worker still holds what this one was lent.
const doubtEvery = 10 * time.Millisecond

func (b *backend) Start(ready func(uint64)) error {
	b.ready = ready
	return b.engine.Start(func() int { return b.most - b.Stats().Held() }, b.got)
}

// got is told what the engine lends. What has ended already, as its worker died before the engine heard of it, is not
// done again.
func (b *backend) got(d Delivery) {
	var l letter
	if err := json.Unmarshal(d.Body, &l); err != nil {
		b.engine.Aside(d.Token, "it is no task: "+err.Error(), d.Earlier)
		return
	}
	t := &loan{Task: &tasks.Task{Spec: tasks.Spec{Work: l.Work, Duration: l.Duration, Size: l.Size}}, token: d.Token}
	now := b.now()
	n, err := b.board.IDs.Number(l.ID)
	if known := b.board.Tasks.Get(n); err == nil && known.State != board.Unknown {
		t.Number, t.Accepted = n, known.Accepted
	} else {
		// It was accepted by a server before this one, or by another that shares the engine.
		t.Number, t.Accepted, t.earlier = b.board.Tasks.Accept(board.Owner{}, now), now, d.Earlier
		b.board.Keys.Set(t.Number, 0)
	}
	b.board.Leases.Stored(t.Number)
	if b.decide(t) {
		b.ready(t.Number)
	}
}

// decide says what becomes of a loan: it waits here, it has ended, or another worker holds the task. That one may have
// died just now: an engine that sees its connection close lends the task again before the arbiter has waited for the
// process. So it stays here, in doubt, until the board says one or the other.
// It is true when the task waits here now.
func (b *backend) decide(t *loan) (waits bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.doubtful, t)
	now := b.now()
	state := b.board.Tasks.Get(t.Number).State
	switch {
	case state == board.DeadLettered:
		b.engine.Aside(t.token, "it was dead-lettered before", b.tries(t))
	case state.Ended() && state != board.Lost: // one that was lost is found again
		b.engine.Ended(t.token)
	case b.stopped:
		b.engine.Again(t.token, 0)
	case !b.board.Leases.Hold(t.Number, b.owner, t.token, now, now-int64(b.policy.AckWait)):
		b.doubtful[t] = true
		time.AfterFunc(doubtEvery, func() { b.doubt(t) })
	case b.tries(t) >= b.policy.Tries:
		b.board.Tasks.End(t.Number, board.DeadLettered, now)
		b.engine.Aside(t.token, "its worker died each time that it was tried", b.tries(t))
		b.board.Leases.Drop(t.Number, b.owner)
	default:
		b.waiting = append(b.waiting, t)
		return true
	}
	return false
}

// doubt asks again, unless the loan was given back meanwhile.
func (b *backend) doubt(t *loan) {
	b.mu.Lock()
	in := b.doubtful[t]
	b.mu.Unlock()
	if in {
		_ = b.decide(t)
		b.ready(t.Number) // also when it has ended: what this worker holds is told then
	}
}
