package nethttp

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"strconv"

	"github.com/hangtime-dev/hangtime/loadgen/hit"
	"github.com/hangtime-dev/hangtime/loadgen/request"
)

// A roundTripper sends each hit once on net/http, and notes what became of it.
type roundTripper struct {
	job     *hit.Job
	flights flights
	next    *http.Transport
	base    context.Context // of the attack: what is in flight when it ends is unanswered
}

func (t *roundTripper) RoundTrip(req *http.Request) (*http.Response, error) {
	j := t.job
	seq, err := strconv.ParseUint(req.Header.Get(request.SeqHeader), 10, 64)
	if err != nil {
		return nil, err
	}
	target, due, err := parseTag(req.Header.Get(tagHeader))
	if err != nil {
		return nil, err
	}
	req.Header.Del(tagHeader) // vegeta made this request for us alone
	now := j.Now()
	f := &flight{due: due, sent: now, target: target}
	switch {
	case !j.ClosedLoop():
		f.due = j.DueAt(seq)
	case j.Think == 0:
		f.due = now // a user who does not think has no moment of its own
	}
	if t.base.Err() != nil || now-f.due > j.Targets[target].Timeout && !j.ClosedLoop() {
		f.dropped, f.err = true, hit.ErrDropped
	}
	idle := t.flights.begin(seq, f) < j.Senders && !j.ClosedLoop()
	if f.dropped {
		return nil, f.err
	}
	j.Meter.Left(f.due, now, idle)
	return t.send(req, f)
}

// send sends it once and classes what goes wrong.
func (t *roundTripper) send(req *http.Request, f *flight) (*http.Response, error) {
	j := t.job
	ctx, cancel := context.WithTimeoutCause(t.base, j.Targets[f.target].Timeout, hit.ErrTimeout)
	tr := &trace{job: j, flight: f}
	res, err := t.next.RoundTrip(req.WithContext(httptrace.WithClientTrace(ctx, tr.hooks())))
	tr.into(f)
	if err == nil && f.wrote > 1 {
		res.Body.Close()
		err = hit.ErrResent
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
	case t.base.Err() != nil:
		return hit.ErrUnanswered
	case errors.Is(context.Cause(ctx), hit.ErrTimeout):
		return hit.ErrTimeout
	case hit.Classify(err) == hit.ClassOther && malformed(err):
		return errors.Join(hit.ErrMalformed, err)
	}
	return err
}

// malformed says whether net/http could not read an answer. Its errors for that are of no type of their own, save that
// no other layer's is in them.
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
