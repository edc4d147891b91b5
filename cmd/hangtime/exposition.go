package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"sync/atomic"
	"time"

	"github.com/hangtime-dev/hangtime/report"
)

// An exposition serves the latest report as OpenMetrics while runs go on. It is asked as often as its reader likes: it reads a report that is made anyhow.
type exposition struct {
	listener net.Listener
	server   *http.Server
	live     atomic.Pointer[report.Live]
	served   chan struct{}
}

// listenForMetrics serves at address; an empty one is no exposition at all.
func listenForMetrics(address string) (*exposition, error) {
	if address == "" {
		return nil, nil
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("--metrics-listen %s: %w; want HOST:PORT of this machine that is free, such as 127.0.0.1:9464", address, err)
	}
	e := &exposition{listener: listener, served: make(chan struct{})}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /metrics", e.metrics)
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "hangtime: its metrics are at /metrics") })
	e.server = &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	go func() {
		defer close(e.served)
		if err := e.server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			fmt.Fprintln(os.Stderr, "hangtime: --metrics-listen:", err)
		}
	}()
	return e, nil
}

func (e *exposition) url() string { return fmt.Sprintf("http://%s/metrics", e.listener.Addr()) }

// show makes a run the one that is served; the report of the last one stays until the next begins.
func (e *exposition) show(live *report.Live) {
	if e != nil {
		e.live.Store(live)
	}
}

func (e *exposition) metrics(w http.ResponseWriter, _ *http.Request) {
	var text bytes.Buffer
	if live := e.live.Load(); live != nil && live.Report() != nil {
		if err := live.Report().OpenMetrics(&text); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
	} else {
		text.WriteString("# EOF\n")
	}
	w.Header().Set("Content-Type", "application/openmetrics-text; version=1.0.0; charset=utf-8")
	_, _ = w.Write(text.Bytes()) // a reader that went away misses nothing
}

func (e *exposition) close() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if e.server.Shutdown(ctx) != nil {
		_ = e.server.Close() // a reader that does not read must not keep the run's end
	}
	<-e.served
}
