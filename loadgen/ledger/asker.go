package ledger

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"time"

	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/loadgen/hosts"
)

const (
	askBatch   = 200                    // tasks in one question
	askEvery   = 100 * time.Millisecond // at most ten questions a second
	askTimeout = 2 * time.Second        // a server whose workers all hang must not hold us up
	askBackoff = time.Second            // after one that was not answered
	askAnswer  = 1 << 20                // most bytes of an answer
	goneAfter  = 3                      // refused connections in a row: no one is there
)

// A Server is where tasks are asked about.
type Server struct {
	URL    string
	Socket string      // unix socket to connect to; empty: the URL's address
	Hosts  hosts.Known // that may be connected to
}

// An asker asks a server about tasks, one question at a time, on a connection of its own. One goroutine owns it.
type asker struct {
	base    string
	client  *http.Client
	single  bool               // the server has no /tasks?ids=: one by one
	knows   bool               // it has known a task at least once
	queue   *history.TaskQueue // as it said last; nil: it does not say
	next    time.Duration
	refused int
}

// newAsker finds and trusts the server as the engines do: an attack's tasks are followed wherever its hits can go.
func newAsker(server Server) *asker {
	dialer := &net.Dialer{Timeout: askTimeout}
	return &asker{
		base: strings.TrimSuffix(server.URL, "/"),
		client: &http.Client{
			Transport: &http.Transport{
				DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
					if server.Socket != "" {
						return dialer.DialContext(ctx, "unix", server.Socket)
					}
					return server.Hosts.DialContext(ctx, dialer, network, address)
				},
				TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, // whom it talks to was said on the command line
				MaxConnsPerHost: 1, MaxIdleConnsPerHost: 1, IdleConnTimeout: 10 * time.Second,
				DisableCompression: true,
			},
			Timeout: askTimeout,
			// Nobody has permitted the place that a server points to.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
}

func (a *asker) close() { a.client.CloseIdleConnections() }

// ready says whether the budget allows a question now.
func (a *asker) ready(now time.Duration) bool { return now >= a.next }

// most is how many tasks one question may be about.
func (a *asker) most() int {
	if a.single {
		return 1
	}
	return askBatch
}

// gone says that nobody has listened for some time.
func (a *asker) gone() bool { return a.refused >= goneAfter }

// errNoBatch is a server that does not answer /tasks?ids=.
var errNoBatch = errors.New("no such page")

// A standing is what a server says of a task.
type standing struct {
	state string // accepted, running, done, failed, timed-out, dead-lettered, lost, or unknown
	pid   *int   // of the process that has it; nil: it does not say
}

// ask returns what the server says of tasks, by id.
func (a *asker) ask(ctx context.Context, now time.Duration, ids []string) (map[string]standing, error) {
	a.next = now + askEvery
	standings, err := a.standings(ctx, ids)
	if errors.Is(err, errNoBatch) && !a.single {
		a.single = true
		return nil, err
	}
	if errors.Is(err, syscall.ECONNREFUSED) {
		a.refused++
	} else {
		a.refused = 0
	}
	if err != nil {
		a.next = now + askBackoff
		return nil, err
	}
	for _, one := range standings {
		a.knows = a.knows || one.state != "unknown"
	}
	return standings, nil
}

func (a *asker) standings(ctx context.Context, ids []string) (map[string]standing, error) {
	type task struct {
		ID    json.RawMessage `json:"id"`
		State string          `json:"state"`
		PID   *int            `json:"pid"`
	}
	standings := make(map[string]standing, len(ids))
	if a.single {
		a.next -= askEvery / 2 // one task a question: twice as often
		var one task
		err := a.get(ctx, "/task/"+url.PathEscape(ids[0]), &one)
		if errors.Is(err, errNoBatch) {
			one.State, err = "unknown", nil
		}
		standings[ids[0]] = standing{one.State, one.PID}
		return standings, err
	}
	var answer struct {
		Tasks []task `json:"tasks"`
		Queue *struct {
			Depth        int     `json:"depth"`
			InFlight     int     `json:"in_flight"`
			OldestMS     float64 `json:"oldest_ms"`
			Redelivered  *uint64 `json:"redelivered"`
			DeadLettered uint64  `json:"dead_lettered"`
			DoneTwice    uint64  `json:"done_twice"`
		} `json:"queue"`
	}
	escaped := make([]string, len(ids))
	for i, id := range ids {
		escaped[i] = url.QueryEscape(id)
	}
	if err := a.get(ctx, "/tasks?ids="+strings.Join(escaped, ","), &answer); err != nil {
		return nil, err
	}
	for _, t := range answer.Tasks {
		standings[strings.Trim(string(t.ID), `"`)] = standing{t.State, t.PID}
	}
	if q := answer.Queue; q != nil {
		a.queue = &history.TaskQueue{Depth: q.Depth, InFlight: q.InFlight,
			Oldest: time.Duration(q.OldestMS * float64(time.Millisecond)), Redelivered: q.Redelivered,
			DeadLettered: q.DeadLettered, DoneTwice: q.DoneTwice}
	}
	return standings, nil
}

func (a *asker) get(ctx context.Context, path string, into any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, a.base+path, nil)
	if err != nil {
		return err
	}
	res, err := a.client.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(io.LimitReader(res.Body, askAnswer))
	switch {
	case err != nil:
		return err
	case res.StatusCode == http.StatusNotFound, res.StatusCode == http.StatusMethodNotAllowed,
		res.StatusCode == http.StatusBadRequest:
		return errNoBatch
	case res.StatusCode != http.StatusOK:
		return fmt.Errorf("%s: status %d", path[:min(len(path), 40)], res.StatusCode)
	}
	if err := json.Unmarshal(text, into); err != nil {
		if !a.single {
			return errNoBatch
		}
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}
