package lending

import (
	"errors"
	"hash/fnv"
	"sync"
	"time"

	"github.com/hangtime-dev/hangtime/reference-server/board"
	"github.com/hangtime-dev/hangtime/reference-server/tasks"
)

// unbounded is how many tasks one worker takes at once without limits.
const unbounded = 10_000

// boundsFresh is how old what the arbiter heard of the queue may be, nanoseconds.
const boundsFresh = int64(time.Second)

// A loan is a task that this worker has of the engine.
type loan struct {
	*tasks.Task
	token   string
	earlier int  // how often it was lent before the board knew of it
	alone   bool // nothing else is to run beside it
}

// A backend satisfies tasks.Backend.
type backend struct {
	engine Engine
	policy Policy
	board  *board.Board
	owner  board.Owner
	now    func() int64
	limit  int // of tasks that have not ended in the whole engine
	most   int // that this worker holds
	ready  func(uint64)

	mu       sync.Mutex
	waiting  []*loan
	doubtful map[*loan]bool // that another worker seems to hold
	taken    map[*tasks.Task]*loan
	alone    bool // the one that was taken is to be the only one
	stopped  bool
	renewed  int64
}

// New makes the backend of an engine.
func New(p tasks.Parts, e Engine, policy Policy) tasks.Backend {
	b := &backend{engine: e, policy: policy, board: p.Board, owner: p.Owner, now: p.Clock.Now, limit: p.Config.TaskQueue,
		most: unbounded, doubtful: map[*loan]bool{}, taken: map[*tasks.Task]*loan{}}
	if p.Config.Limits == "bounded" {
		b.most = p.Config.MaxConcurrentTasks
	}
	return b
}

// Full goes by what the arbiter heard last; it is for the engine itself to refuse what is one too many.
func (b *backend) Full() bool {
	now, at := b.board.Queue.Last()
	return at > 0 && b.now()-at < boundsFresh && now.Depth+now.InFlight >= b.limit
}

// Enqueue has the task put beside the thread that brings it: an engine may take its time.
func (b *backend) Enqueue(t *tasks.Task, taken func(number uint64, err error)) {
	id := b.board.IDs.Of(t.Number)
	body, err := bodyOf(t, id)
	if err != nil {
		taken(0, err)
		return
	}
	s := Submission{ID: id, Key: t.Key, Delay: t.Delay, Body: body}
	if t.Key != "" {
		s.Hash = hashOf(t.Key)
	}
	b.board.Keys.Set(t.Number, s.Hash)
	go func() { taken(b.put(t.Number, s)) }()
}

// put gives the number of the task that came first under the key of task n, often its own.
func (b *backend) put(n uint64, s Submission) (uint64, error) {
	first, err := b.engine.Put(s)
	if err == nil && first == s.ID {
		b.board.Leases.Stored(n)
		return n, nil
	}
	if !errors.Is(err, tasks.ErrNoEngine) { // which may have it all the same
		b.board.Keys.Set(n, 0) // its number is told to nobody
	}
	if err != nil {
		return 0, err
	}
	if n, err := b.board.IDs.Number(first); err == nil && n != 0 {
		return n, nil
	}
	return 0, tasks.ErrForgotten // it came to another server, or to one before this
}

func hashOf(key string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(key)) // it never fails
	return h.Sum64() | 1        // 0 is no key
}

// Take gives a task that is on its last try out only when nothing else runs here, and nothing else beside it: should
// it kill the worker again, it takes nobody with it, and nobody else can have been it.
func (b *backend) Take() (*tasks.Task, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.waiting) == 0 || b.alone {
		return nil, false
	}
	t := b.waiting[0]
	t.alone = b.tries(t)+1 >= b.policy.Tries
	if t.alone && len(b.taken) > 0 {
		return nil, false
	}
	b.waiting[0] = nil
	b.waiting = b.waiting[1:]
	b.taken[t.Task], b.alone = t, t.alone
	t.Hold()
	return t.Task, true
}

// tries is how often a task was begun.
func (b *backend) tries(t *loan) int { return b.board.Tasks.Tries(t.Number) + t.earlier }

func (b *backend) Outcome(t *tasks.Task, state board.State) board.State {
	if state != board.Failed || b.board.Leases.Gone(t.Number) { // nobody could lend it again
		return state
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.tries(b.taken[t]) >= b.policy.Tries {
		return board.DeadLettered
	}
	return board.Accepted
}

func (b *backend) Settle(t *tasks.Task, outcome board.State) {
	b.mu.Lock()
	l := b.taken[t]
	delete(b.taken, t)
	wake := 0
	if l.alone {
		b.alone, wake = false, len(b.waiting)
	}
	b.mu.Unlock()
	// First the board: whoever gets it again must not think that it runs here.
	b.board.Leases.Drop(t.Number, b.owner)
	switch tries := b.tries(l); outcome {
	case board.Accepted:
		b.engine.Again(l.token, b.policy.pause(tries))
	case board.DeadLettered:
		b.engine.Aside(l.token, "it failed as often as it may be tried", tries)
	default:
		b.engine.Ended(l.token)
	}
	for range wake { // those that it kept waiting
		b.ready(t.Number)
	}
	b.engine.Ask()
}

// Renew tells the engine that this worker's loop turns, three times in the time after which it would be doubted.
func (b *backend) Renew(now int64) {
	b.mu.Lock()
	if now-b.renewed < int64(b.policy.AckWait)/3 {
		b.mu.Unlock()
		return
	}
	b.renewed = now
	var tokens []string
	renew := func(l *loan) {
		tokens = append(tokens, l.token)
		b.board.Leases.Renew(l.Number, now)
	}
	for _, l := range b.waiting {
		renew(l)
	}
	for _, l := range b.taken {
		renew(l)
	}
	for l := range b.doubtful {
		tokens = append(tokens, l.token) // on the board it is another's
	}
	b.mu.Unlock()
	b.engine.Runs(tokens)
}

// Shared is true: the engine has them.
func (b *backend) Shared() bool { return true }

func (b *backend) Stats() tasks.Stats {
	b.mu.Lock()
	defer b.mu.Unlock()
	return tasks.Stats{Waiting: len(b.waiting), Later: len(b.doubtful), Taken: len(b.taken)}
}

// Stop gives back what was not begun; it is lent to another worker at once.
func (b *backend) Stop() {
	b.engine.Stop()
	b.mu.Lock()
	b.stopped = true
	waiting := b.waiting
	b.waiting = nil
	for l := range b.doubtful {
		delete(b.doubtful, l)
		b.engine.Again(l.token, 0)
	}
	b.mu.Unlock()
	for _, l := range waiting {
		b.board.Leases.Drop(l.Number, b.owner)
		b.engine.Again(l.token, 0)
	}
}

func (b *backend) Close() error { return b.engine.Close() }

func (b *backend) Guarantees() tasks.Guarantees { return b.engine.Guarantees() }
