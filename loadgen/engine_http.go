package loadgen

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"
	"golang.org/x/sys/unix"

	"github.com/hangtime-dev/hangtime/loadgen/http1"
	"github.com/hangtime-dev/hangtime/loadgen/schedule"
)

// targetHeader carries the number of a hit's target from the targeter to the round tripper, which takes it off.
const targetHeader = "X-Hangtime-Target"

// standardEngine is vegeta's Attacker on net/http: for all that the fast engine does not speak.
// What vegeta gets wrong for us is put right around it: it stamps a hit when a sender becomes free, so the moment at which it was due comes from the timetable
// by the hit's number; and net/http sends a request again when its connection dies, which is seen by httptrace and counted as a failure of its own kind.
type standardEngine struct {
	job  *job
	next atomic.Uint64 // targets handed out

	base   context.Context
	halt   context.CancelFunc
	client *http.Client

	fills []*filled          // by target; nil: it is the same each time
	ready chan time.Duration // users of a closed loop that could send, each with the moment from which on
	over  context.Context    // of a closed loop: ends when hits are due no more
	used  time.Duration      // processor time of the process before the attack

	mu      sync.Mutex
	flights map[uint64]*flight
	open    atomic.Int64 // connections
}

// flight is a hit between its start and its result. Only the goroutine that sends it writes, until the result is there; sent is under the engine's lock.
type flight struct {
	due, sent time.Duration
	connect   time.Duration
	first     time.Duration
	target    uint32
	port      uint16
	dropped   bool
	wrote     int // times that its head was written
	bytesIn   uint64
	bytesOut  uint64
	err       error
}

func newStandardEngine(j *job) (*standardEngine, error) {
	j.processors = runtime.GOMAXPROCS(0)
	e := &standardEngine{job: j, flights: map[uint64]*flight{}, fills: make([]*filled, len(j.targets)), used: processCPU()}
	for i := range j.targets {
		if t := &j.targets[i]; t.template {
			f, err := t.fill(j.seed)
			if err != nil {
				return nil, err
			}
			e.fills[i] = f
		}
	}
	dialer := &net.Dialer{Resolver: j.resolver}
	transport := &http.Transport{
		DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			if j.socket != "" {
				network, addr = "unix", j.socket
			}
			c, err := dialer.DialContext(ctx, network, addr)
			if err != nil {
				return nil, err
			}
			e.open.Add(1)
			return &countedConn{Conn: c, open: &e.open}, nil
		},
		Proxy:                  http.ProxyFromEnvironment, // which leaves loopback addresses alone
		TLSClientConfig:        uncheckedTLS(),
		ForceAttemptHTTP2:      true,
		MaxIdleConns:           0,
		MaxIdleConnsPerHost:    j.senders,
		MaxConnsPerHost:        j.senders,
		IdleConnTimeout:        90 * time.Second,
		DisableCompression:     true, // bytes are counted as they came
		MaxResponseHeaderBytes: 1 << 20,
	}
	e.client = &http.Client{
		Transport:     &roundTripper{e, transport},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return e, nil
}

// uncheckedTLS trusts any certificate: a load generator measures; whom it talks to was said on its command line.
func uncheckedTLS() *tls.Config { return &tls.Config{InsecureSkipVerify: true} }

type countedConn struct {
	net.Conn
	once sync.Once
	open *atomic.Int64
}

func (c *countedConn) Close() error {
	c.once.Do(func() { c.open.Add(-1) })
	return c.Conn.Close()
}

func (e *standardEngine) run(ctx context.Context) error {
	e.base, e.halt = context.WithCancel(ctx)
	defer e.halt()
	first := min(e.job.senders, 8)
	if e.job.closedLoop() {
		first = e.job.users
		var stop context.CancelFunc
		e.over, stop = context.WithTimeout(e.base, e.job.end()-e.job.now())
		defer stop()
		e.ready = make(chan time.Duration, e.job.users)
		for c := schedule.NewCrowd(e.job.users, e.job.think, e.job.begin); c.Next() != schedule.Never; c.Take() {
			e.ready <- c.Next()
		}
	}
	pacer := &tablePacer{job: e.job, ctx: e.base}
	attacker := vegeta.NewAttacker(vegeta.Client(e.client), vegeta.Workers(uint64(first)), vegeta.MaxWorkers(uint64(e.job.senders)), vegeta.MaxBody(http1.MaxBody))
	for res := range attacker.Attack(e.target, pacer, 0, "") {
		e.ended(res)
	}
	e.client.CloseIdleConnections()
	if !e.job.closedLoop() {
		now := e.job.now()
		for n, due := pacer.granted, e.job.close(now); n < due; n++ {
			e.job.sink.add(outcome{seq: n, due: e.job.dueAt(n), sent: now, end: now, class: classDropped, target: e.job.targetOf(n)})
		}
	}
	e.measure()
	return nil
}

// target is vegeta's Targeter: the next in turn. In a closed loop it waits for a user.
func (e *standardEngine) target(t *vegeta.Target) error {
	var due time.Duration
	if e.job.closedLoop() {
		var ok bool
		if due, ok = e.user(); !ok {
			return vegeta.ErrNoTargets
		}
	}
	n := e.next.Add(1) - 1
	i := e.job.targetOf(n)
	from := &e.job.targets[i]
	t.Method, t.URL, t.Body = from.method, from.url, from.body
	header := from.header
	if f := e.fills[i]; f != nil {
		t.URL, header, t.Body = f.standard(n)
	}
	t.Header = make(http.Header, len(header)+1)
	for name, values := range header {
		t.Header[name] = values
	}
	t.Header.Set(targetHeader, tagOf(i, due))
	return nil
}

// user waits for one who is ready; there is none any more when the attack is over.
func (e *standardEngine) user() (ready time.Duration, ok bool) {
	select {
	case ready = <-e.ready:
	case <-e.over.Done():
		return 0, false
	}
	timer := time.NewTimer(ready - e.job.now())
	defer timer.Stop()
	select {
	case <-timer.C:
		return ready, e.over.Err() == nil
	case <-e.over.Done():
		return 0, false
	}
}

// tablePacer is a timetable as vegeta's Pacer. It waits by itself, so that the end of the attack and a change of the rate are seen at once.
type tablePacer struct {
	job     *job
	ctx     context.Context
	granted uint64
}

func (p *tablePacer) Rate(time.Duration) float64 { return 0 }

func (p *tablePacer) Pace(_ time.Duration, hits uint64) (time.Duration, bool) {
	for {
		changed := p.job.table.Changes()
		due, now := p.job.table.Due(hits), p.job.now()-p.job.begin
		if p.job.closedLoop() {
			due = now // whoever is ready
		}
		switch {
		case p.ctx.Err() != nil:
			return 0, true
		case due < p.job.total && due <= now:
			p.granted = hits + 1
			return 0, false
		case now >= p.job.total:
			return 0, true
		}
		timer := time.NewTimer(min(due, p.job.total) - now)
		select {
		case <-timer.C:
		case <-changed:
		case <-p.ctx.Done():
		}
		timer.Stop()
	}
}

// ended makes the outcome of a hit. It is the loop that reads vegeta's results: an append and nothing else, for whoever reads slowly slows the attack.
func (e *standardEngine) ended(res *vegeta.Result) {
	e.mu.Lock()
	f := e.flights[res.Seq]
	delete(e.flights, res.Seq)
	e.mu.Unlock()
	end := e.job.rec.Since(res.End())
	if e.job.closedLoop() {
		if f == nil {
			return // a user who found the attack over
		}
		e.ready <- e.job.now() + e.job.think // there is room: each user is in it once
	}
	if f == nil { // the request could not even be made
		e.job.sink.add(outcome{seq: res.Seq, due: e.job.dueAt(res.Seq), sent: end, end: end, class: classOther, note: &note{detail: res.Error}})
		return
	}
	o := outcome{seq: res.Seq, due: f.due, sent: f.sent, end: max(end, f.sent), connect: f.connect, first: f.first, bytesIn: f.bytesIn, bytesOut: f.bytesOut, target: f.target, port: f.port}
	o.class = classify(f.err)
	if f.err == nil {
		o.status = res.Code
		if res.Code == http.StatusAccepted && e.job.bodies {
			o.note = &note{body: res.Body}
		}
		if !e.job.targets[f.target].expects(int(res.Code)) {
			o.class = classStatus
		}
	} else if o.class != classDropped {
		o.note = &note{detail: f.err.Error()}
	}
	e.job.sink.add(o)
}

// wake does nothing: the pacer sees changes by itself.
func (e *standardEngine) wake() {}

func (e *standardEngine) measure() {
	e.job.meter.cpu.Store(int64(processCPU() - e.used))
	e.mu.Lock()
	defer e.mu.Unlock()
	var oldest time.Duration
	n := 0
	for _, f := range e.flights {
		if f.dropped {
			continue
		}
		n++
		if oldest == 0 || f.due < oldest {
			oldest = f.due
		}
	}
	e.job.meter.inFlight.Store(int64(n))
	e.job.meter.oldest.Store(int64(oldest))
	e.job.meter.connections.Store(e.open.Load())
}

// processCPU is the processor time of the whole process (getrusage(2)): net/http works on goroutines that cannot be told apart from the rest.
func processCPU() time.Duration {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
