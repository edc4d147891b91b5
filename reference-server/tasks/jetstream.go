package tasks

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	js "github.com/nats-io/nats.go/jetstream"

	"github.com/hangtime-dev/hangtime/reference-server/board"
	"github.com/hangtime-dev/hangtime/reference-server/jetstream"
	"github.com/hangtime-dev/hangtime/reference-server/settings"
)

// Times of the engine's client.
const (
	askLimit    = 500 * time.Millisecond
	closeLimit  = time.Second
	boundsFresh = int64(time.Second) // how old what the engine said of its queue may be
	unbounded   = 10_000             // tasks that one worker takes at once without limits
)

// jetStream keeps tasks in an engine, from which all workers take. What a worker holds is lent to it: it comes back
// when the worker dies.
type jetStream struct {
	cfg       settings.Config
	own       *jetstream.Settings
	board     *board.Board
	owner     board.Owner
	now       func() int64
	conn      *nats.Conn
	engine    js.JetStream
	ready     func(uint64)
	puller    *jetstream.Puller
	publisher *jetstream.Publisher
	aside     sync.WaitGroup // tasks that are being dead-lettered

	mu      sync.Mutex
	waiting []*Task
	taken   map[uint64]*Task
	alone   bool // the one that was taken is to be the only one
	renewed int64
}

func newJetStream(p Parts) (Backend, error) {
	access, err := jetstream.ReadAccess(p.Engine)
	if err != nil {
		return nil, err
	}
	conn, err := access.Connect(fmt.Sprintf("worker %d", p.Owner.Place))
	if err != nil {
		return nil, err
	}
	engine, err := js.New(conn)
	if err != nil {
		conn.Close()
		return nil, fmt.Errorf("use the task engine: %w", err)
	}
	return &jetStream{cfg: p.Config, own: jetstream.Of(&p.Config.Queue), board: p.Board, owner: p.Owner, now: p.Clock.Now, conn: conn, engine: engine,
		publisher: jetstream.NewPublisher(conn, access.Batch),
		taken:     map[uint64]*Task{}}, nil
}

func (q *jetStream) Start(ready func(uint64)) (err error) {
	q.ready = ready
	q.puller, err = jetstream.Pull(q.conn, q.room, q.got)
	return err
}

// room is for how many more tasks than it holds this worker has room.
func (q *jetStream) room() int {
	most := unbounded
	if q.cfg.Limits == "bounded" {
		most = q.cfg.MaxConcurrentTasks
	}
	return most - q.Stats().Held()
}

// Full goes by what the engine said last; it is for the engine itself to refuse what is one too many.
func (q *jetStream) Full() bool {
	now, at := q.board.Queue.Last()
	return at > 0 && q.now()-at < boundsFresh && now.Depth+now.InFlight >= q.cfg.TaskQueue
}

// Enqueue publishes the task under its key, or under its own id: however often it is sent the engine keeps it once.
func (q *jetStream) Enqueue(t *Task, taken func(uint64, error)) {
	id := q.board.IDs.Of(t.Number)
	m, err := message(t, id)
	if err != nil {
		taken(0, err)
		return
	}
	key, hash := id, uint64(0)
	if t.Key != "" {
		key, hash = "key-"+t.Key, hashOf(t.Key)
	}
	q.board.Keys.Set(t.Number, hash)
	q.publisher.Publish(m, key, func(has jetstream.Receipt, err error) {
		switch {
		case errors.Is(err, jetstream.ErrFull):
			taken(0, ErrFull)
		case err != nil:
			taken(0, err)
		case !has.Duplicate || t.Key == "":
			q.board.Leases.Stored(t.Number)
			taken(t.Number, nil)
		default:
			n, err := q.original(t.Number, id, hash, has.Sequence)
			if n != t.Number && !errors.Is(err, ErrNoEngine) {
				q.board.Keys.Set(t.Number, 0) // its number is told to nobody
			}
			if n == t.Number && err == nil {
				q.board.Leases.Stored(n)
			}
			taken(n, err)
		}
	})
}

// original is the task that was accepted first under a key: this very one, whose first answer was lost, or another.
func (q *jetStream) original(own uint64, id string, hash, sequence uint64) (uint64, error) {
	if q.board.Tasks.Get(own).PID != 0 {
		return own, nil // somebody runs it
	}
	ctx, cancel := context.WithTimeout(context.Background(), askLimit)
	defer cancel()
	stream, err := q.engine.Stream(ctx, jetstream.Stream)
	if err != nil {
		return 0, ErrNoEngine
	}
	stored, err := stream.GetMsg(ctx, sequence)
	switch {
	case errors.Is(err, js.ErrMsgNotFound): // it has ended
	case err != nil:
		return 0, ErrNoEngine
	default:
		first := stored.Header.Get(idHeader)
		if first == id {
			return own, nil
		}
		if n, err := q.board.IDs.Number(first); err == nil && n != 0 {
			return n, nil
		}
	}
	if q.board.Tasks.Get(own).State.Ended() {
		return own, nil // it was this one, and it has ended by now
	}
	if n := q.board.Keys.Ended(hash); n != 0 {
		return n, nil
	}
	return 0, ErrForgotten
}

func hashOf(key string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(key)) // it never fails
	return h.Sum64() | 1        // 0 is no key
}

// Take gives a task that is on its last try out only when nothing else runs here, and nothing else beside it: should
// it kill the worker again, it takes nobody with it, and nobody else can have been it.
func (q *jetStream) Take() (*Task, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.waiting) == 0 || q.alone {
		return nil, false
	}
	t := q.waiting[0]
	t.alone = q.tries(t)+1 >= q.own.Tries
	if t.alone && len(q.taken) > 0 {
		return nil, false
	}
	q.waiting[0] = nil
	q.waiting = q.waiting[1:]
	q.taken[t.Number], q.alone = t, t.alone
	t.Hold()
	return t, true
}

// tries is how often a task was begun.
func (q *jetStream) tries(t *Task) int { return q.board.Tasks.Tries(t.Number) + t.earlier }

func (q *jetStream) Outcome(t *Task, state board.State) board.State {
	if state != board.Failed || q.board.Leases.Gone(t.Number) { // nobody could give it out again
		return state
	}
	if q.tries(t) >= q.own.Tries {
		return board.DeadLettered
	}
	return board.Accepted
}

func (q *jetStream) Settle(t *Task, outcome board.State) {
	switch outcome {
	case board.Accepted:
		// First the board: whoever gets it again must not think that it runs here.
		q.board.Leases.Drop(t.Number, q.owner)
		_ = t.token.Again(q.conn, q.backoff(q.tries(t)))
	case board.DeadLettered:
		q.putAside(t, "it failed as often as it may be tried")
	default:
		// An answer that is lost costs a delivery: the board says that the task has ended.
		_ = t.token.Ended(q.conn)
		q.board.Leases.Drop(t.Number, q.owner)
	}
	q.mu.Lock()
	delete(q.taken, t.Number)
	wake := 0
	if t.alone {
		q.alone, wake = false, len(q.waiting)
	}
	q.mu.Unlock()
	for range wake { // those that it kept waiting
		q.ready(t.Number)
	}
	q.puller.Ask()
}

// backoffMost is the longest pause between two tries.
const backoffMost = 5 * time.Minute

// backoff is the pause before the next try of a task that was begun so often.
func (q *jetStream) backoff(tries int) time.Duration {
	pause := q.own.Backoff
	for i := 1; i < tries && pause < backoffMost; i++ {
		pause *= 2
	}
	return min(pause, backoffMost)
}

// Renew tells the engine that this worker's loop turns, three times in the time after which it would doubt it.
func (q *jetStream) Renew(now int64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if now-q.renewed < int64(q.own.AckWait)/3 {
		return
	}
	q.renewed = now
	for _, t := range q.waiting {
		q.renew(t, now)
	}
	for _, t := range q.taken {
		q.renew(t, now)
	}
}

func (q *jetStream) renew(t *Task, now int64) {
	_ = t.token.Runs(q.conn) // an engine that is away asks for nothing
	q.board.Leases.Renew(t.Number, now)
}

// Shared is true: the engine has them.
func (q *jetStream) Shared() bool { return true }

func (q *jetStream) Stats() Stats {
	q.mu.Lock()
	defer q.mu.Unlock()
	return Stats{Waiting: len(q.waiting), Taken: len(q.taken)}
}

// Stop gives back what was not begun; it is given to another worker at once.
func (q *jetStream) Stop() {
	q.puller.Stop()
	q.mu.Lock()
	waiting := q.waiting
	q.waiting = nil
	q.mu.Unlock()
	for _, t := range waiting {
		q.board.Leases.Drop(t.Number, q.owner)
		_ = t.token.Again(q.conn, 0) // what the engine does not hear it finds out after task-ack-wait
	}
}

// Close tells the engine the last answers. What is still held then the arbiter gives back.
func (q *jetStream) Close() error {
	q.aside.Wait()
	var err error
	if q.conn.IsConnected() {
		err = q.conn.FlushTimeout(closeLimit)
	}
	q.conn.Close()
	return err
}

func (q *jetStream) Guarantees() Guarantees {
	g := Guarantees{
		Name:       jetstream.Name,
		WorkerDies: "survived: what it held is given to another worker at once, and may be done twice",
		EngineDies: "survived: the arbiter starts it again on the same store, and requests wait for it for up to " + jetstream.PublishLimit.String(),
		PowerCut:   "survived: each task is on the disk before it is accepted (tasks-sync: always)",
		SameKey:    fmt.Sprintf("one is done, if the second comes within %v", q.own.Window),
		Fails:      fmt.Sprintf("it is tried %d times, and then dead-lettered", q.own.Tries),
	}
	if q.own.Sync != "always" {
		g.PowerCut = "not survived: what was accepted in the last two minutes is not on the disk yet (survived only with tasks-sync: always)"
	}
	if q.own.URL != "" {
		g.EngineDies = "as the servers at tasks-url are set: with three replicas one of three may die"
		g.PowerCut = "as the servers at tasks-url are set: survived only with sync_interval: always"
	}
	return g
}
