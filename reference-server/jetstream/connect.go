// Package jetstream is what the arbiter and its workers know of the task engine: how to reach it, and what the queue
// in it is. The engine is a NATS server with JetStream, the arbiter's own or one that ran before.
package jetstream

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nkeys"
	"golang.org/x/sys/unix"
)

// An Access is how to reach the engine.
type Access struct {
	URL   string
	Seed  string // of the key that opens an engine of our own; it is made for each run
	Creds string // file
	CA    string // file
	Batch bool   // several tasks are given to it at once
}

// NewKey makes the key of a run: the seed is for who asks, and the public half is all that the engine knows.
func NewKey() (seed, public string, err error) {
	pair, err := nkeys.CreateUser()
	if err != nil {
		return "", "", fmt.Errorf("make the engine's key: %w", err)
	}
	public, err = pair.PublicKey()
	if err != nil {
		return "", "", fmt.Errorf("make the engine's key: %w", err)
	}
	text, err := pair.Seed()
	return string(text), public, err
}

// External is the access to an engine that is not ours.
func External(s *Settings) Access {
	return Access{URL: s.URL, Creds: s.Creds, CA: s.CA}
}

// accessSize is more than an access takes, bytes.
const accessSize = 64 << 10

// Hide puts the access into memory that only processes have that inherit its descriptor: neither a command line nor an
// environment shows it.
func (a Access) Hide() (*os.File, error) {
	text, err := json.Marshal(a)
	if err != nil {
		return nil, err
	}
	fd, err := unix.MemfdCreate("hangtime-engine", unix.MFD_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("make memory for the engine's access: %w", err)
	}
	f := os.NewFile(uintptr(fd), "engine")
	if _, err := f.WriteAt(text, 0); err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("write the engine's access: %w", err)
	}
	return f, nil
}

// ReadAccess reads what Hide wrote; all workers share the file's position, so that none may use it.
func ReadAccess(f *os.File) (a Access, err error) {
	text, err := io.ReadAll(io.NewSectionReader(f, 0, accessSize))
	if err == nil {
		err = json.Unmarshal(text, &a)
	}
	if err != nil {
		return a, fmt.Errorf("read the engine's access: %w", err)
	}
	return a, nil
}

// Times of a connection. An engine that was killed is back within a fraction of a second, and until then is asked for
// often; one that says nothing at all is given up after two pings.
const (
	connectLimit = 2 * time.Second
	askAgain     = 50 * time.Millisecond
	pingEvery    = 5 * time.Second
)

// Connect gives a connection that finds its engine again for as long as it is open, also when the engine is not there
// yet.
func (a Access) Connect(name string) (*nats.Conn, error) {
	options, err := a.options(name)
	if err != nil {
		return nil, err
	}
	conn, err := nats.Connect(a.URL, append(options, nats.RetryOnFailedConnect(true))...)
	if err != nil {
		return nil, fmt.Errorf("connect to the task engine: %w", err)
	}
	return conn, nil
}

func (a Access) options(name string) ([]nats.Option, error) {
	options := []nats.Option{nats.Name(name), nats.MaxReconnects(-1),
		nats.ReconnectWait(askAgain), nats.ReconnectJitter(askAgain, askAgain), nats.Timeout(connectLimit),
		nats.PingInterval(pingEvery), nats.MaxPingsOutstanding(2), nats.IgnoreAuthErrorAbort(),
		// What goes wrong is seen by whoever asks; the library would print it.
		nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {})}
	if a.Seed != "" {
		pair, err := nkeys.FromSeed([]byte(a.Seed))
		if err != nil {
			return nil, fmt.Errorf("read the engine's key: %w", err)
		}
		public, err := pair.PublicKey()
		if err != nil {
			return nil, fmt.Errorf("read the engine's key: %w", err)
		}
		options = append(options, nats.Nkey(public, pair.Sign))
	}
	if a.Creds != "" {
		options = append(options, nats.UserCredentials(a.Creds))
	}
	if a.CA != "" {
		options = append(options, nats.RootCAs(a.CA))
	}
	return options, nil
}
