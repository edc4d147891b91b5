package jetstream

import (
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
)

// Times of a question for tasks. It stands in the engine until there are some, or until it runs out.
const (
	askFor     = 10 * time.Second
	askLost    = 5 * time.Second // after it has run out, until it is taken for lost
	askPause   = 50 * time.Millisecond
	drainLimit = time.Second
)

// A Delivery is a task that the engine has lent to this process.
type Delivery struct {
	Token   Token
	ID      string // of the task
	Body    []byte
	Earlier int // how often it was given out before, when it was due
}

// A Puller asks the engine for as many tasks as there is room for, and never for more: what it has been given and is
// not at work on would wait with it although others are free.
type Puller struct {
	conn *nats.Conn
	sub  *nats.Subscription
	room func() int     // for how many there is room now, those that were asked for included
	got  func(Delivery) // called for one after the other

	mu      sync.Mutex
	asked   int // for, and not given
	askedAt time.Time
	over    bool
	ended   chan struct{}
}

// Pull begins to ask.
func Pull(conn *nats.Conn, room func() int, got func(Delivery)) (*Puller, error) {
	p := &Puller{conn: conn, room: room, got: got, ended: make(chan struct{})}
	sub, err := conn.Subscribe(conn.NewInbox(), p.heard)
	if err != nil {
		return nil, fmt.Errorf("ask the engine for tasks: %w", err)
	}
	p.sub = sub
	sub.SetClosedHandler(func(string) { close(p.ended) })
	// An engine that was killed has forgotten what it was asked.
	conn.SetReconnectHandler(func(*nats.Conn) { p.forget(); p.Ask() })
	p.Ask()
	return p, nil
}

// Ask asks for what there is room for by now; from any thread.
func (p *Puller) Ask() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.over {
		return
	}
	if p.asked > 0 && time.Since(p.askedAt) > askFor+askLost {
		p.asked = 0
	}
	room := p.room()
	more := room - p.asked
	if more <= 0 || p.asked > room/2 {
		return // the next question is for more than one
	}
	question := fmt.Sprintf(`{"batch":%d,"expires":%d}`, more, askFor.Nanoseconds())
	to := "$JS.API.CONSUMER.MSG.NEXT." + Stream + "." + Workers
	if p.conn.PublishRequest(to, p.sub.Subject, []byte(question)) == nil {
		p.asked += more
		p.askedAt = time.Now()
	}
}

func (p *Puller) forget() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked = 0
}

// heard is told a task, or how a question ended; on a goroutine of the connection's.
func (p *Puller) heard(m *nats.Msg) {
	if status := m.Header.Get("Status"); m.Reply == "" || status != "" {
		p.answered(status, m.Header.Get("Nats-Pending-Messages"))
		return
	}
	p.mu.Lock()
	p.asked = max(0, p.asked-1)
	p.mu.Unlock()
	d := Delivery{Token: Token(m.Reply), ID: m.Header.Get(idHeader), Body: m.Data}
	if about, err := m.Metadata(); err == nil {
		d.Earlier = int(about.NumDelivered) - 1
	}
	if early, delayed := untilDue(m); early > 0 {
		_ = d.Token.Again(p.conn, early) // if it is not heard, the task comes once more
	} else {
		if delayed {
			d.Earlier = max(0, d.Earlier-1) // the first time it was too early
		}
		p.got(d)
	}
	p.Ask()
}

// answered is told that a question has ended: it ran out (408), or nobody is there to answer it.
func (p *Puller) answered(status, left string) {
	n, err := strconv.Atoi(left)
	if err != nil || !strings.HasPrefix(status, "408") {
		p.forget()
		time.AfterFunc(askPause, p.Ask)
		return
	}
	p.mu.Lock()
	p.asked = max(0, p.asked-n)
	p.mu.Unlock()
	p.Ask()
}

// Stop asks no more, and returns when everything that the engine had sent by then was got.
func (p *Puller) Stop() {
	p.mu.Lock()
	over := p.over
	p.over = true
	p.mu.Unlock()
	if over || p.sub.Drain() != nil {
		return // an engine that is away sends nothing
	}
	t := time.NewTimer(drainLimit)
	defer t.Stop()
	select {
	case <-p.ended:
	case <-t.C:
	}
}
