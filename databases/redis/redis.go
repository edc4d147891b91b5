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

// System is what it is.
func (d *Database) System() string { return "Redis" }

// Port is where it listens.
func (d *Database) Port() uint16 { return d.port }

// Close ends the connections.
func (d *Database) Close() { d.client.Close() }

// Sessions are its clients, of which those wait that are in a blocking command
// (https://redis.io/docs/latest/commands/client-list/). For which key it does not say.
func (d *Database) Sessions(ctx context.Context) ([]history.Session, error) {
	answers, err := d.client.Pipe(ctx, []string{"CLIENT", "SETNAME", ownName}, []string{"CLIENT", "LIST"})
	if refused, is := errors.AsType[resp.Error](err); is {
		return nil, errors.New(string(refused)) // such as BUSY: a script runs
	}
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, os.ErrDeadlineExceeded) {
		return nil, errors.New("it does not answer")
	}
	if err != nil {
		return nil, err
	}
	text, ok := answers[1].(string)
	if !ok {
		return nil, errors.New("no answer that is one of Redis")
	}
	return sessions(text), nil
}

// Keys are keys that stand for locks: whether they are there, until when, and since when, where the value is the token that
// redis-py makes of the time and the machine (a UUID of version 1, RFC 9562, as 32 digits). Values are read and not told.
func (d *Database) Keys(ctx context.Context, names []string) ([]history.Key, error) {
	var commands [][]string
	for _, name := range names {
		commands = append(commands, []string{"PTTL", name}, []string{"GET", name})
	}
	answers, err := d.client.Pipe(ctx, commands...)
	if err != nil {
		return nil, err
	}
	var all []history.Key
	for i, name := range names {
		left, ok := answers[2*i].(int64)
		if !ok {
			return nil, errors.New("no answer that is one of Redis")
		}
		token, _ := answers[2*i+1].(string)
		all = append(all, key(name, left, token, time.Now()))
	}
	return all, nil
}

// key reads what PTTL says: milliseconds, -1 for never, -2 where there is no such key.
func key(name string, left int64, token string, now time.Time) history.Key {
	k := history.Key{Name: name, Free: left == -2}
	if left > 0 {
		k.Left = time.Duration(left) * time.Millisecond
	}
	if made, ok := madeAt(token); ok && made.Before(now) && !k.Free {
		k.Age = now.Sub(made)
	}
	return k
}

// gregorian is how many steps of 100 ns lie between the beginnings of the calendar and of Unix's time.
const gregorian = 0x01B21DD213814000

// madeAt is when a UUID of version 1 was made; false: it is none.
func madeAt(token string) (time.Time, bool) {
	if len(token) != 32 || token[12] != '1' {
		return time.Time{}, false
	}
	steps, err := strconv.ParseUint(token[13:16]+token[8:12]+token[:8], 16, 64)
	if err != nil || steps < gregorian {
		return time.Time{}, false
	}
	return time.Unix(0, int64(steps-gregorian)*100), true
}

// ownName is what hangtime's own connections are called in Redis: they wait for nobody, and hold nothing.
const ownName = "hangtime"

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
		if err != nil || has["name"] == ownName || len(all) == most {
			continue
		}
		s := history.Session{ID: id, State: "idle", Statement: has["cmd"]}
		if at, err := netip.ParseAddrPort(has["addr"]); err == nil {
			s.Client = netip.AddrPortFrom(at.Addr().Unmap(), at.Port()).String()
		}
		if age, err := strconv.ParseUint(has["age"], 10, 32); err == nil {
			s.Connected = time.Duration(age) * time.Second
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
