package loadgen

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"
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

	mu      sync.Mutex
	flights map[uint64]*flight
	open    atomic.Int64 // connections
}

// flight is a hit between its start and its result. Only the goroutine that sends it writes, until the result is there; sent is under the engine's lock.
type flight struct {
	due, sent time.Duration
	connect   time.Duration
	first     time.Duration
	target    uint16
	port      uint16
	dropped   bool
	wrote     int // times that its head was written
	bytesIn   uint64
	bytesOut  uint64
	err       error
}

func newStandardEngine(j *job) *standardEngine {
	e := &standardEngine{job: j, flights: map[uint64]*flight{}}
	dialer := &net.Dialer{}
	transport := &http.Transport{
		DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			c, err := dialer.DialContext(ctx, network, addr)
			if err != nil {
				return nil, err
			}
			e.open.Add(1)
			return &countedConn{Conn: c, open: &e.open}, nil
		},
		TLSClientConfig:        &tls.Config{InsecureSkipVerify: true}, // a load generator measures; whom it talks to was said on its command line
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
	return e
}

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
	pacer := &tablePacer{job: e.job, ctx: e.base}
	attacker := vegeta.NewAttacker(vegeta.Client(e.client), vegeta.Workers(uint64(min(e.job.senders, 8))), vegeta.MaxWorkers(uint64(e.job.senders)))
	for res := range attacker.Attack(e.target, pacer, 0, "") {
		e.ended(res)
	}
	e.client.CloseIdleConnections()
	now := e.job.now()
	for n, due := pacer.granted, e.job.close(now); n < due; n++ {
		e.job.sink.add(outcome{seq: n, due: e.job.dueAt(n), sent: now, end: now, class: classDropped, target: e.job.rotation[n%uint64(len(e.job.rotation))]})
	}
	e.measure()
	return nil
}

// target is vegeta's Targeter: the next of the rotation.
func (e *standardEngine) target(t *vegeta.Target) error {
	n := e.next.Add(1) - 1
	i := e.job.rotation[n%uint64(len(e.job.rotation))]
	from := &e.job.targets[i]
	t.Method, t.URL, t.Body = from.method, from.url, from.body
	t.Header = make(http.Header, len(from.header)+1)
	for name, values := range from.header {
		t.Header[name] = values
	}
	t.Header.Set(targetHeader, strconv.Itoa(int(i)))
	return nil
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
		changed := p.job.table.changes()
		due, now := p.job.table.Due(hits), p.job.now()-p.job.begin
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

type roundTripper struct {
	engine *standardEngine
	next   http.RoundTripper
}

func (t *roundTripper) RoundTrip(req *http.Request) (*http.Response, error) {
	e, j := t.engine, t.engine.job
	seq, err := strconv.ParseUint(req.Header.Get("X-Vegeta-Seq"), 10, 64)
	if err != nil {
		return nil, err
	}
	target, err := strconv.Atoi(req.Header.Get(targetHeader))
	if err != nil {
		return nil, err
	}
	req.Header.Del(targetHeader) // vegeta made this request for us alone
	now := j.now()
	f := &flight{due: j.dueAt(seq), sent: now, target: uint16(target)}
	if e.base.Err() != nil || now-f.due > j.targets[target].timeout {
		f.dropped, f.err = true, errDropped
	}
	e.mu.Lock()
	e.flights[seq] = f
	idle := len(e.flights) < j.senders
	e.mu.Unlock()
	if f.dropped {
		return nil, f.err
	}
	j.meter.left(f.due, now, idle)
	return t.send(req, f)
}

// send sends it once and classes what goes wrong.
func (t *roundTripper) send(req *http.Request, f *flight) (*http.Response, error) {
	e, j := t.engine, t.engine.job
	ctx, cancel := context.WithTimeoutCause(e.base, j.targets[f.target].timeout, errTimeout)
	tr := &trace{job: j, flight: f}
	res, err := t.next.RoundTrip(req.WithContext(httptrace.WithClientTrace(ctx, tr.hooks())))
	tr.into(f)
	if err == nil && f.wrote > 1 {
		res.Body.Close()
		err = errResent
	}
	if err != nil {
		f.err = t.why(ctx, err)
		cancel()
		return nil, f.err
	}
	f.bytesOut = uint64(max(req.ContentLength, 0))
	res.Body = &body{ReadCloser: res.Body, flight: f, cancel: cancel, why: func(err error) error { return t.why(ctx, err) }}
	return res, nil
}

// why says which of our own reasons an error of net/http comes from.
func (t *roundTripper) why(ctx context.Context, err error) error {
	switch {
	case t.engine.base.Err() != nil:
		return errUnanswered
	case errors.Is(context.Cause(ctx), errTimeout):
		return errTimeout
	case classify(err) == classOther && malformed(err):
		return errors.Join(errMalformed, err)
	}
	return err
}

// malformed says whether net/http could not read an answer. Its errors for that are of no type of their own, save that no other layer's is in them.
func malformed(err error) bool {
	var op *net.OpError
	var dns *net.DNSError
	return !errors.As(err, &op) && !errors.As(err, &dns)
}

// body counts what is read and classes what goes wrong; closing it ends the hit's time limit.
type body struct {
	io.ReadCloser
	flight *flight
	cancel context.CancelFunc
	why    func(error) error
}

func (b *body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.flight.bytesIn += uint64(n)
	if err != nil && err != io.EOF {
		b.flight.err = b.why(err)
	}
	return n, err
}

func (b *body) Close() error {
	defer b.cancel()
	return b.ReadCloser.Close()
}

// trace is what net/http says on the way. Its hooks run on other goroutines, also after a failed RoundTrip has returned.
type trace struct {
	job    *job
	flight *flight

	mu      sync.Mutex
	began   time.Duration
	connect time.Duration
	first   time.Duration
	port    uint16
	wrote   int
}

func (t *trace) hooks() *httptrace.ClientTrace {
	return &httptrace.ClientTrace{
		ConnectStart: func(string, string) { t.locked(func() { t.began = t.job.now() }) },
		ConnectDone:  func(string, string, error) { t.locked(func() { t.connect = t.job.now() - t.began }) },
		GotConn: func(info httptrace.GotConnInfo) {
			addr, _ := info.Conn.LocalAddr().(*net.TCPAddr)
			t.locked(func() {
				if addr != nil {
					t.port = uint16(addr.Port)
				}
				if info.Reused {
					t.connect = 0
				}
			})
		},
		WroteHeaders:         func() { t.locked(func() { t.wrote++ }) },
		GotFirstResponseByte: func() { t.locked(func() { t.first = t.job.now() - t.flight.sent }) },
	}
}

func (t *trace) locked(do func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	do()
}

func (t *trace) into(f *flight) {
	t.mu.Lock()
	defer t.mu.Unlock()
	f.connect, f.first, f.port, f.wrote = t.connect, t.first, t.port, t.wrote
}
