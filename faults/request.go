package faults

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/hangtime-dev/hangtime/scenarios"
)

// requestHarm sends one call that the server should not take, or not in that way: the harm is what it does with it.
type requestHarm struct {
	call   scenarios.Target
	base   string
	client *http.Client
}

func prepareRequest(f scenarios.Fault, field Field, _ *Guardian) (harm, error) {
	if f.Request == nil || !strings.HasPrefix(f.Request.Path, "/") {
		return nil, errors.New("request: is missing or has no path")
	}
	if err := needLoopback(field.Base); err != nil {
		return nil, err
	}
	client := &http.Client{
		// A connection of its own, closed after the answer: it must not depend on what other calls left behind.
		Transport:     &http.Transport{DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return requestHarm{*f.Request, field.Base, client}, nil
}

func (requestHarm) instant() {}

func (r requestHarm) aim(_ context.Context) ([]target, error) {
	return []target{{words: cmp.Or(r.call.Method, http.MethodGet) + " " + r.call.Path}}, nil
}

// answerWithin bounds a call: an answer that comes later is none of a server that took the call.
const answerWithin = 30 * time.Second

func (r requestHarm) strike(ctx context.Context, _ target) (effect, error) {
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, cmp.Or(r.call.Method, http.MethodGet), r.base+r.call.Path,
		strings.NewReader(r.call.Body))
	if err != nil {
		return effect{}, err
	}
	for name, value := range r.call.Header {
		req.Header.Set(name, value)
	}
	if r.call.Body != "" && req.Header.Get("Content-Type") == "" {
		req.Header.Set("Content-Type", "application/json")
	}
	began := time.Now()
	answer, err := r.client.Do(req)
	if err != nil {
		return effect{}, err
	}
	defer answer.Body.Close()
	const most = 1 << 20
	if _, err := io.Copy(io.Discard, io.LimitReader(answer.Body, most)); err != nil {
		return effect{}, fmt.Errorf("read the answer: %w", err)
	}
	if !scenarios.StatusExpected(r.call.Expect, answer.StatusCode) {
		return effect{}, fmt.Errorf("the answer was %s, want %v", answer.Status, r.wanted())
	}
	return effect{detail: fmt.Sprintf("%s after %v", answer.Status, time.Since(began).Round(time.Millisecond))}, nil
}

func (r requestHarm) wanted() string {
	if len(r.call.Expect) == 0 {
		return "200 to 399"
	}
	return fmt.Sprint(r.call.Expect)
}
