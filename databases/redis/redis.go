// Package redis asks Redis, Valkey and their like what their clients wait for.
package redis

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/queues/resp"
)

// A Database is one server of Redis.
type Database struct {
	client *resp.Client
	name   string
	port   uint16
}

// Open reads where it is: redis://[USER:PASSWORD@]HOST:PORT/, or rediss:// for TLS. Errors have nothing of it.
func Open(url string) (*Database, error) {
	u, err := resp.ParseURL(url)
	if err != nil {
		return nil, err
	}
	port := uint64(6379)
	if u.Port() != "" {
		if port, err = strconv.ParseUint(u.Port(), 10, 16); err != nil || port == 0 {
			return nil, errors.New("want a port from 1 to 65535")
		}
	}
	var dialer net.Dialer
	return &Database{
		client: resp.New(u, dialer.DialContext), port: uint16(port),
		name: "Redis at " + net.JoinHostPort(u.Hostname(), strconv.Itoa(int(port))),
	}, nil
}

// Name is which one it is.
func (d *Database) Name() string { return d.name }

// Port is where it listens.
func (d *Database) Port() uint16 { return d.port }

// Close ends the connections.
func (d *Database) Close() { d.client.Close() }

// Sessions are its clients, of which those wait that are in a blocking command
// (https://redis.io/docs/latest/commands/client-list/). For which key it does not say.
func (d *Database) Sessions(ctx context.Context) ([]history.Session, error) {
	answer, err := d.client.Do(ctx, "CLIENT", "LIST")
	if refused, is := errors.AsType[resp.Error](err); is {
		return nil, errors.New(string(refused)) // such as BUSY: a script runs
	}
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, os.ErrDeadlineExceeded) {
		return nil, errors.New("it does not answer")
	}
	if err != nil {
		return nil, err
	}
	text, ok := answer.(string)
	if !ok {
		return nil, errors.New("no answer that is one of Redis")
	}
	return sessions(text), nil
}

// most is how many clients are told.
const most = 1000

func sessions(text string) []history.Session {
	var all []history.Session
	for line := range strings.Lines(text) {
		has := map[string]string{}
		for field := range strings.FieldsSeq(line) {
			if key, value, found := strings.Cut(field, "="); found {
				has[key] = value
			}
		}
		id, err := strconv.ParseUint(has["id"], 10, 64)
		if err != nil || has["cmd"] == "client|list" || has["cmd"] == "client" || len(all) == most {
			continue
		}
		s := history.Session{ID: id, State: "idle", Statement: has["cmd"]}
		if at, err := netip.ParseAddrPort(has["addr"]); err == nil {
			s.Client = netip.AddrPortFrom(at.Addr().Unmap(), at.Port()).String()
		}
		if idle, err := strconv.ParseUint(has["idle"], 10, 32); err == nil {
			s.For = time.Duration(idle) * time.Second
		}
		if strings.Contains(has["flags"], "b") {
			s.State, s.Waits = "blocked", "what another client is to send ("+strings.ToUpper(has["cmd"])+")"
		}
		all = append(all, s)
	}
	return all
}
