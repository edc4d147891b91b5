package loadgen

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"strconv"
	"strings"
	"sync"
	"time"
)

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
	target, due, err := parseTag(req.Header.Get(targetHeader))
	if err != nil {
		return nil, err
	}
	req.Header.Del(targetHeader) // vegeta made this request for us alone
	now := j.now()
	f := &flight{due: due, sent: now, target: target}
	switch {
	case !j.closedLoop():
		f.due = j.dueAt(seq)
	case j.think == 0:
		f.due = now // a user who does not think has no moment of its own
	}
	if e.base.Err() != nil || now-f.due > j.targets[target].timeout && !j.closedLoop() {
		f.dropped, f.err = true, errDropped
	}
	e.mu.Lock()
	e.flights[seq] = f
	idle := len(e.flights) < j.senders && !j.closedLoop()
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

// tagOf is what the targeter tells the round tripper about a hit: its target and, in a closed loop, when its user was ready.
func tagOf(target uint32, due time.Duration) string {
	return strconv.FormatUint(uint64(target), 10) + " " + strconv.FormatInt(int64(due), 10)
}

func parseTag(text string) (target uint32, due time.Duration, err error) {
	first, second, _ := strings.Cut(text, " ")
	n, err := strconv.ParseUint(first, 10, 32)
	if err != nil {
		return 0, 0, err
	}
	d, err := strconv.ParseInt(second, 10, 64)
	return uint32(n), time.Duration(d), err
}
