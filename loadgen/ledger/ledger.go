package ledger

import (
	"cmp"
	"container/heap"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/hangtime-dev/hangtime/history"
)

const (
	tellEvery   = 250 * time.Millisecond // between two Ledger events
	mostOpen    = 100_000                // tasks followed at once; what is accepted beyond is counted as unfollowed
	mostWorkers = 256                    // processes named in one Ledger event
	firstAsk    = 50 * time.Millisecond  // after a task was accepted
	longestAsk  = time.Second            // between two questions about the same task
	strangerFor = time.Second            // a server that does not know its own task for as long has lost it
)

// A Ledger follows every accepted task to its end. Accepted = done + failed + timed out + dead-lettered + lost + open at
// every moment.
type Ledger struct {
	rec    *history.Recorder
	wait   time.Duration // after the last hit, for tasks to end
	asker  *asker
	mu     sync.Mutex
	sums   history.Ledger
	open   map[string]*openTask
	fresh  []*openTask // never asked about, oldest first
	again  nextFirst   // asked about and still open
	known  string      // the task that ended last
	closed bool
}

// New follows the tasks of a server, and after the last hit waits for so long for them to end.
func New(server Server, wait time.Duration, rec *history.Recorder) *Ledger {
	return &Ledger{rec: rec, wait: wait, asker: newAsker(server), open: map[string]*openTask{}}
}

// Accept books a task from the body of a 202 answer. A body without an id is no task.
func (l *Ledger) Accept(body []byte, at time.Duration) {
	var answer struct {
		ID  json.RawMessage `json:"id"`
		PID int             `json:"pid"`
	}
	if err := json.Unmarshal(body, &answer); err != nil || len(answer.ID) == 0 || string(answer.ID) == "null" {
		return
	}
	id := strings.Trim(string(answer.ID), `"`)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sums.Accepted++
	if l.open[id] != nil || len(l.open) >= mostOpen || l.closed {
		l.sums.Failed++
		l.sums.Unfollowed++
		return
	}
	t := &openTask{id: id, pid: answer.PID, accepted: at, next: at + firstAsk}
	l.open[id] = t
	l.fresh = append(l.fresh, t)
}

// Follow asks until over is closed and all tasks have ended, or until it makes no sense to ask any longer; the last
// event it records is the final one.
func (l *Ledger) Follow(ctx context.Context, over <-chan struct{}) {
	defer l.asker.close()
	tick := time.NewTicker(tellEvery / 5)
	defer tick.Stop()
	var ends time.Duration // when to give up; 0: the attack goes on
	told := l.rec.Now()
	for {
		select {
		case <-ctx.Done():
			if over != nil {
				<-over // what was accepted up to the end is booked first
			}
			l.finish()
			return
		case <-over:
			over, ends = nil, l.rec.Now()+l.wait
		case <-tick.C:
		}
		now := l.rec.Now()
		l.ask(ctx, now)
		if ends > 0 && (now >= ends || l.nothingOpen() || l.asker.gone()) {
			l.askQueue(ctx, now)
			l.finish()
			return
		}
		if now-told >= tellEvery {
			told = now
			l.rec.Record(l.Snapshot(now))
		}
	}
}

// ask puts one batch of questions, if any is due.
func (l *Ledger) ask(ctx context.Context, now time.Duration) {
	batch := l.batch(now)
	if len(batch) == 0 {
		return
	}
	ids := make([]string, len(batch))
	for i, t := range batch {
		ids[i] = t.id
	}
	standings, err := l.asker.ask(ctx, now, ids)
	l.mu.Lock()
	defer l.mu.Unlock()
	now = l.rec.Now()
	l.sums.Queue = l.asker.queue
	for _, t := range batch {
		if err == nil {
			if one := standings[t.id]; one.pid != nil {
				t.pid = *one.pid // a queue may have given it to another process than the one that accepted it
			}
			l.heard(t, standings[t.id].state, now)
		} else {
			t.known = false
		}
		if t.ended {
			l.known = t.id
			delete(l.open, t.id)
			continue
		}
		t.next = now + min(max((now-t.accepted)/4, firstAsk), longestAsk)
		heap.Push(&l.again, t)
	}
}

// askQueue asks once more how the queue is, of a server that has one: the last task may have ended long ago.
func (l *Ledger) askQueue(ctx context.Context, now time.Duration) {
	if l.asker.queue == nil || l.known == "" || l.asker.gone() {
		return
	}
	if _, err := l.asker.ask(ctx, now, []string{l.known}); err != nil {
		return // what it said before stays
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sums.Queue = l.asker.queue
}

// batch takes up to one request's worth of tasks whose question is due.
func (l *Ledger) batch(now time.Duration) []*openTask {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.asker.ready(now) {
		return nil
	}
	var out []*openTask
	for len(l.again) > 0 && len(out) < l.asker.most() && l.again[0].next <= now {
		out = append(out, heap.Pop(&l.again).(*openTask))
	}
	n := 0
	for n < len(l.fresh) && len(out) < l.asker.most() && l.fresh[n].next <= now {
		out = append(out, l.fresh[n])
		n++
	}
	l.fresh = slices.Delete(l.fresh, 0, n)
	return out
}

// heard books what the server says about a task.
func (l *Ledger) heard(t *openTask, state string, now time.Duration) {
	switch state {
	case "done":
		l.sums.Done++
	case "failed":
		l.sums.Failed++
	case "timed-out":
		l.sums.TimedOut++
	case "dead-lettered":
		l.sums.DeadLettered++
	case "lost":
		l.lose(t)
	case "unknown":
		t.known = false
		if t.stranger == 0 {
			t.stranger = now
		}
		if now-t.stranger < strangerFor || !l.asker.knows {
			return
		}
		l.lose(t)
	case "":
		t.known = false
		return
	default:
		t.stranger, t.known = 0, true
		return
	}
	t.ended = true
}

func (l *Ledger) lose(t *openTask) {
	l.sums.Lost++
	i := slices.IndexFunc(l.sums.LostBy, func(by history.LostTasks) bool { return by.PID == t.pid })
	switch {
	case i >= 0:
		l.sums.LostBy[i].Lost++
	case t.pid != 0 && len(l.sums.LostBy) < mostWorkers:
		l.sums.LostBy = append(l.sums.LostBy, history.LostTasks{PID: t.pid, Lost: 1})
	}
}

func (l *Ledger) nothingOpen() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.open) == 0
}

// Snapshot is what is known now; any goroutine may ask.
func (l *Ledger) Snapshot(now time.Duration) history.Ledger {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := l.sums
	out.LostBy = slices.Clone(out.LostBy)
	out.Open = uint64(len(l.open))
	byPID := map[int]*history.OpenTasks{}
	for _, t := range l.open {
		w := byPID[t.pid]
		if w == nil {
			w = &history.OpenTasks{PID: t.pid}
			byPID[t.pid] = w
		}
		w.Open++
		w.Oldest = max(w.Oldest, now-t.accepted)
	}
	for _, w := range byPID {
		out.Workers = append(out.Workers, *w)
	}
	slices.SortFunc(out.Workers, func(a, b history.OpenTasks) int {
		return cmp.Or(cmp.Compare(b.Open, a.Open), cmp.Compare(a.PID, b.PID))
	})
	out.Workers = out.Workers[:min(len(out.Workers), mostWorkers)]
	slices.SortFunc(out.Workers, func(a, b history.OpenTasks) int { return cmp.Compare(a.PID, b.PID) })
	return out
}

// finish closes the ledger: what is still open could not be followed to its end.
func (l *Ledger) finish() {
	l.mu.Lock()
	l.closed = true
	for _, t := range l.open {
		if t.known {
			l.sums.Stuck++
		}
	}
	n := uint64(len(l.open))
	l.sums.Failed += n
	l.sums.Unfollowed += n
	clear(l.open)
	l.fresh, l.again = nil, nil
	final := l.sums
	l.mu.Unlock()
	final.Final = true
	l.rec.Record(final)
}
