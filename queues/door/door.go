package door

import (
	"context"
	"errors"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/hangtime-dev/hangtime/queues"
)

const (
	readLimit = 30 * time.Second // of a request's head and body
	mostHead  = 64 << 10         // bytes of a head: the ledger asks for 200 ids in a URL
)

// A Door stands before one queue.
type Door struct {
	system queues.System
	server *http.Server
	over   sync.WaitGroup

	mu    sync.Mutex
	given map[string]time.Time // tasks that have not ended, by when the broker was asked to take them
	ended map[string]string    // how the others ended: an answer may not arrive, and is asked for again
}

// Open accepts on a socket that is there already.
func Open(listener net.Listener, system queues.System) *Door {
	d := &Door{system: system, given: map[string]time.Time{}, ended: map[string]string{}}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /task/{name}", d.take)
	mux.HandleFunc("GET /tasks", d.tell)
	d.server = &http.Server{Handler: mux, ReadTimeout: readLimit, MaxHeaderBytes: mostHead}
	d.over.Go(func() { _ = d.server.Serve(listener) }) // ends with Close
	return d
}

// Close lets in nobody any more, and what is inside has ended when it returns.
func (d *Door) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	err := d.server.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		err = d.server.Close()
	}
	d.over.Wait()
	return errors.Join(err, d.system.Close())
}
