package run

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"sync/atomic"
	"time"
)

// An Exposition serves the latest metrics of a run as OpenMetrics while runs go on. It is asked as often as its reader
// likes: it reads a report that is made anyhow.
type Exposition struct {
	listener net.Listener
	server   *http.Server
	write    atomic.Pointer[func(io.Writer) error] // nil: no run has begun
	served   chan struct{}
}

// Expose serves at address; an empty one is nil, which shows nothing.
func Expose(address string) (*Exposition, error) {
	if address == "" {
		return nil, nil
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("--metrics-listen %s: %w; want HOST:PORT of this machine that is free, such as 127.0.0.1:9464", address, err)
	}
	e := &Exposition{listener: listener, served: make(chan struct{})}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /metrics", e.metrics)
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(w, "hangtime: its metrics are at /metrics")
	})
	e.server = &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	go func() {
		defer close(e.served)
		if err := e.server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			fmt.Fprintln(os.Stderr, "hangtime: --metrics-listen:", err)
		}
	}()
	return e, nil
}

// URL is where the metrics are.
func (e *Exposition) URL() string { return fmt.Sprintf("http://%s/metrics", e.listener.Addr()) }

// Show makes a run the one that is served, by what writes its metrics; those of the last one stay until the next begins.
func (e *Exposition) Show(write func(io.Writer) error) {
	if e != nil {
		e.write.Store(&write)
	}
}

func (e *Exposition) metrics(w http.ResponseWriter, _ *http.Request) {
	var text bytes.Buffer
	write := e.write.Load()
	if write == nil {
		text.WriteString("# EOF\n")
	} else if err := (*write)(&text); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/openmetrics-text; version=1.0.0; charset=utf-8")
	_, _ = w.Write(text.Bytes()) // a reader that went away misses nothing
}

// Close ends it.
func (e *Exposition) Close() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if e.server.Shutdown(ctx) != nil {
		_ = e.server.Close() // a reader that does not read must not keep the run's end
	}
	<-e.served
}
