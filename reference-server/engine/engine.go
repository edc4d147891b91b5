// Package engine is the process that keeps the tasks when the server has an engine of its own: a NATS server with
// JetStream. It is a process of its own so that its memory, its end and its return can be seen, and so that its end
// takes neither a worker nor the arbiter with it.
package engine

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"golang.org/x/sys/unix"
)

// A Birth is what the arbiter tells an engine.
type Birth struct {
	Store      string // folder
	Port       int    // 0: any that is free
	Key        string // public, of who is let in
	SyncAlways bool
	Grace      time.Duration // that workers have to leave in when the arbiter is gone
}

// The descriptors that an engine inherits, in the order of os.ProcAttr.Files.
const (
	fdBirth  = 3
	fdAlive  = 4 // reads end of file when the arbiter is gone
	fdStatus = 5 // lines of JSON to the arbiter
)

// Main is the process.
func Main() int {
	_ = os.WriteFile("/proc/self/comm", []byte("hangtime:engine"), 0) // for people: what fails here is no failure
	for _, fd := range []int{fdBirth, fdAlive, fdStatus} {
		unix.CloseOnExec(fd)
	}
	said := &account{to: os.NewFile(fdStatus, "status")}
	if err := run(said); err != nil {
		said.say("engine-failed", map[string]any{"reason": err.Error()})
		return 1
	}
	return 0
}

func run(said *account) error {
	var birth Birth
	text, err := io.ReadAll(io.NewSectionReader(os.NewFile(fdBirth, "birth"), 0, 1<<20))
	if err == nil {
		err = json.Unmarshal(text, &birth)
	}
	if err != nil {
		return fmt.Errorf("read what the arbiter says: %w", err)
	}
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, unix.SIGTERM, unix.SIGINT, unix.SIGQUIT)
	signal.Ignore(unix.SIGHUP)
	lock, err := lockStore(birth.Store)
	if err != nil {
		return err
	}
	defer func() { _ = lock.Close() }() // and so unlocks it
	s, err := start(birth, said)
	if err != nil {
		return err
	}
	address, err := s.address()
	if err != nil {
		return err
	}
	said.say("engine-ready", map[string]any{"address": address.String(), "port": address.Port})
	orphaned := make(chan struct{})
	go func() {
		_, _ = io.Copy(io.Discard, os.NewFile(fdAlive, "alive")) // until the arbiter's end of the pipe is closed
		close(orphaned)
	}()
	select {
	case <-signals:
	case <-orphaned:
		s.awaitWorkers(birth.Grace, signals)
	}
	s.stop()
	return nil
}

// lockLimit is how long the store may be held by an engine that is just ending.
const lockLimit = 3 * time.Second

// lockStore keeps a second engine from the same store.
func lockStore(store string) (*os.File, error) {
	if err := os.MkdirAll(store, 0o700); err != nil {
		return nil, fmt.Errorf("make the tasks' store: %w", err)
	}
	path := filepath.Join(store, "lock")
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock the tasks' store: %w", err)
	}
	for until := time.Now().Add(lockLimit); ; time.Sleep(20 * time.Millisecond) {
		err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if err == nil {
			return f, nil
		}
		if !errors.Is(err, unix.EWOULDBLOCK) || time.Now().After(until) {
			_ = f.Close()
			return nil, fmt.Errorf("lock the tasks' store %s: another engine uses it: %w", store, err)
		}
	}
}

// A running is the NATS server in this process.
type running struct{ *server.Server }

// readyLimit is how long the engine may take to read its store.
const readyLimit = 30 * time.Second

func start(birth Birth, said *account) (running, error) {
	port := birth.Port
	if port == 0 {
		port = server.RANDOM_PORT
	}
	s, err := server.NewServer(&server.Options{ServerName: "hangtime-tasks", Host: "127.0.0.1", Port: port, NoSigs: true,
		Nkeys: []*server.NkeyUser{{Nkey: birth.Key}}, JetStream: true, StoreDir: birth.Store,
		SyncAlways: birth.SyncAlways, DisableJetStreamBanner: true})
	if err != nil {
		return running{}, fmt.Errorf("make the engine: %w", err)
	}
	s.SetLoggerV2(said, false, false, false)
	s.Start()
	if !s.ReadyForConnections(readyLimit) {
		return running{}, fmt.Errorf("the engine was not ready within %v", readyLimit)
	}
	return running{s}, nil
}

// workersLook is how often an engine without an arbiter looks whether the workers have left.
const workersLook = 50 * time.Millisecond

// awaitWorkers lets workers that finish what they have tell that it is done.
func (s running) awaitWorkers(grace time.Duration, signals <-chan os.Signal) {
	limit := time.NewTimer(grace)
	defer limit.Stop()
	look := time.NewTicker(workersLook)
	defer look.Stop()
	for s.NumClients() > 0 {
		select {
		case <-look.C:
		case <-limit.C:
			return
		case <-signals:
			return
		}
	}
}

func (s running) stop() {
	s.Shutdown()
	s.WaitForShutdown()
}

// address is where the server accepts.
func (s running) address() (*net.TCPAddr, error) {
	address, ok := s.Addr().(*net.TCPAddr)
	if !ok {
		return nil, fmt.Errorf("the engine accepts on %v, want an address and a port", s.Addr())
	}
	return address, nil
}
