package jetstream

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	js "github.com/nats-io/nats.go/jetstream"

	"github.com/hangtime-dev/hangtime/reference-server/tasks"
)

// Times of a task that is given to the engine. One that was killed is back within a second; a request waits for that, once.
const (
	PublishLimit = 3 * time.Second
	publishTry   = 500 * time.Millisecond
	publishPause = publishTry / 10
)

// A Receipt is the engine's word that it has a task, with the guarantee that its stream has.
type Receipt struct {
	Sequence  uint64 `json:"seq"`
	Duplicate bool   `json:"duplicate"` // it had it already, under the same key
}

// How many tasks go together: the engine takes 1,000 at most, nats-server's default max_batch_size. It makes files of
// their own for each batch and removes them again, which costs as much as to sync a dozen tasks one by one: measured.
const (
	batchLeast = 12
	batchMost  = 256
)

// A Publisher gives tasks to the engine. Where each is synced to a disk, what comes while others are on their way goes
// together with the next: the engine then syncs its disk once for all of them, and answers none before.
type Publisher struct {
	conn  *nats.Conn
	batch bool // several go together

	mu      sync.Mutex
	waiting []posting
	flying  bool
}

// A posting is a task and who waits for the engine's word.
type posting struct {
	message *nats.Msg
	until   time.Time
	done    func(Receipt, error)
}

// NewPublisher makes one; batch says whether several tasks are to go together.
func NewPublisher(conn *nats.Conn, batch bool) *Publisher {
	return &Publisher{conn: conn, batch: batch}
}

// Publish gives a task to the engine under a key: however often it is sent, the engine keeps it once. It returns when
// the engine has it, or has refused it (tasks.ErrFull), or has said nothing for too long (tasks.ErrNoEngine): then it
// may have it all the same.
func (p *Publisher) Publish(m *nats.Msg, key string) (has Receipt, err error) {
	m.Header.Set(js.MsgIDHeader, key)
	told := make(chan struct{})
	one := posting{m, time.Now().Add(PublishLimit), func(r Receipt, refused error) {
		has, err = r, refused
		close(told)
	}}
	if p.batch {
		p.queue(one)
	} else {
		p.alone(one)
	}
	<-told
	return has, err
}

func (p *Publisher) queue(one posting) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.waiting = append(p.waiting, one)
	if !p.flying {
		p.flying = true
		go p.fly()
	}
}

// fly sends what waits, until nothing does.
func (p *Publisher) fly() {
	for {
		p.mu.Lock()
		n := min(len(p.waiting), batchMost)
		if n == 0 {
			p.flying = false
			p.mu.Unlock()
			return
		}
		batch := p.waiting[:n:n]
		p.waiting = p.waiting[n:]
		p.mu.Unlock()
		if n >= batchLeast && p.together(batch) == nil {
			for _, one := range batch {
				one.done(Receipt{}, nil)
			}
			continue
		}
		// They are few; or all were refused because of one, such as one that comes for the second time; or nothing was said. Each for
		// itself is told what it is, and none is kept twice.
		var all sync.WaitGroup
		for _, one := range batch {
			all.Go(func() { p.alone(one) })
		}
		all.Wait()
	}
}

// together sends several tasks that the engine takes over all at once or not at all, NATS's atomic batch publishing,
// ADR-50; nil: it has all of them.
func (p *Publisher) together(batch []posting) error {
	id := nats.NewInbox() // unlike any other
	for i, one := range batch {
		m := &nats.Msg{Subject: one.message.Subject, Data: one.message.Data, Header: nats.Header{}}
		for name, values := range one.message.Header {
			m.Header[name] = values
		}
		m.Header["Nats-Batch-Id"] = []string{id}
		m.Header["Nats-Batch-Sequence"] = []string{strconv.Itoa(i + 1)}
		if i+1 < len(batch) {
			if err := p.conn.PublishMsg(m); err != nil {
				return err
			}
			continue
		}
		m.Header["Nats-Batch-Commit"] = []string{"1"}
		said, err := p.ask(m)
		if err == nil && said.Count != len(batch) {
			err = fmt.Errorf("the engine took %d tasks of %d", said.Count, len(batch))
		}
		return err
	}
	return nil
}

// A word is the engine's answer to what was published, ADR-8 and ADR-50 of NATS.
type word struct {
	Receipt
	Count int          `json:"count"` // of a batch, how many messages it had
	Error *js.APIError `json:"error"`
}

func (p *Publisher) ask(m *nats.Msg) (said word, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), publishTry)
	defer cancel()
	answer, err := p.conn.RequestMsgWithContext(ctx, m)
	if err != nil {
		return said, err
	}
	if err := json.Unmarshal(answer.Data, &said); err != nil {
		return said, fmt.Errorf("read the engine's answer: %w", err)
	}
	if said.Error != nil {
		return said, said.Error
	}
	return said, nil
}

// storeFailed is the engine's number for a stream that is full, nats-server's errors.json: JSStreamStoreFailedF.
const storeFailed = js.ErrorCode(10077)

// alone sends one task until the engine has said something.
func (p *Publisher) alone(one posting) {
	for {
		said, err := p.ask(one.message)
		var refused *js.APIError
		switch {
		case err == nil:
			one.done(said.Receipt, nil)
			return
		case errors.As(err, &refused) && refused.ErrorCode == storeFailed:
			one.done(Receipt{}, tasks.ErrFull)
			return
		case errors.As(err, &refused) && refused.Code < 500:
			one.done(Receipt{}, fmt.Errorf("give the task to the engine: %w", err))
			return
		case errors.Is(err, nats.ErrConnectionClosed), time.Now().After(one.until):
			one.done(Receipt{}, tasks.ErrNoEngine)
			return
		}
		if !errors.Is(err, context.DeadlineExceeded) {
			time.Sleep(publishPause) // nobody listens there: to ask at once would only heat the processor
		}
	}
}
