// Depot is a Go server that hangs in the way that it is asked to. The comment hang: NAME is where.
package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

var total atomic.Int64

type depot struct {
	mu    sync.Mutex
	gates chan struct{} // a pool of two
}

func (d *depot) inventory() {
	d.mu.Lock() // hang: inventory
	defer d.mu.Unlock()
}

// audit asks somebody else while it has the lock.
func (d *depot) audit() {
	d.mu.Lock()
	defer d.mu.Unlock()
	resp, err := http.Get("http://127.0.0.1:" + os.Getenv("UPSTREAM")) // hang: audit
	if err == nil {
		_, _ = io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
	}
}

func (d *depot) enter() {
	d.gates <- struct{}{} // hang: enter
}

func count() {
	for n := 0; ; n++ { // hang: count
		total.Store(int64(n))
	}
}

func events(w http.ResponseWriter, r *http.Request) {
	for n := range 200 {
		fmt.Fprintf(w, "data: %d\n\n", n)
		w.(http.Flusher).Flush()
		select {
		case <-r.Context().Done():
			return
		case <-time.After(time.Second):
		}
	}
}

func main() {
	d := &depot{gates: make(chan struct{}, 2)}
	work := map[string]func(){"/inventory": d.inventory, "/audit": d.audit, "/enter": d.enter, "/count": count, "/ok": func() {}}
	for path, f := range work {
		http.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) {
			f()
			fmt.Fprintln(w, "ok")
		})
	}
	http.HandleFunc("/events", events)
	if err := http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), nil); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
