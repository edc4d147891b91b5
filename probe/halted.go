package probe

import (
	"maps"
	"slices"
	"time"

	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/kernel/proc"
	"github.com/hangtime-dev/hangtime/probe/waits"
)

// A haltReader finds processes beside the workers that are stopped although the server needs them: its arbiter, and, of
// a server that listens nowhere, who is to answer it, as the broker of a queue is. One goroutine may use it.
type haltReader struct {
	fs      proc.FS
	waits   *waits.Finder
	arbiter int

	found   map[int]history.Halted // that are stopped, by pid
	askedAt time.Time              // when it was last looked who is to answer it
}

// askedEvery is how often it is looked who is to answer the server: that goes through the sockets of the machine.
const askedEvery = 5 * time.Second

// read returns what has changed, and what lasts, to be recorded. listens says whether the server listens anywhere, serves
// whether its arbiter is a worker.
func (h *haltReader) read(now time.Time, server waits.Server, listens, serves bool) (news []history.Halted) {
	if h.found == nil {
		h.found = map[int]history.Halted{}
	}
	if !serves && h.stopped(h.arbiter) {
		h.found[h.arbiter] = history.Halted{Peer: history.Peer{PID: h.arbiter, Command: h.fs.Command(h.arbiter)}}
	}
	if !listens && now.Sub(h.askedAt) >= askedEvery {
		h.askedAt = now
		for _, asks := range append([]int{h.arbiter}, server.Workers...) {
			for _, one := range h.waits.Upstream(asks, server) {
				h.owed(asks, one)
			}
		}
	}
	for _, pid := range slices.Sorted(maps.Keys(h.found)) {
		one := h.found[pid]
		if !h.stopped(pid) {
			one.Over = true
			delete(h.found, pid)
		}
		news = append(news, one)
	}
	return news
}

// owed keeps those of whom an answer is outstanding that are stopped.
func (h *haltReader) owed(asks int, one history.Unanswered) {
	for _, peer := range one.Peers {
		if _, known := h.found[peer.PID]; !known && h.stopped(peer.PID) {
			h.found[peer.PID] = history.Halted{Peer: peer, Asks: asks, Remote: one.Remote}
		}
	}
}

// stopped says whether a process is stopped by a signal or held by a tracer.
func (h *haltReader) stopped(pid int) bool {
	stat, err := h.fs.Stat(pid)
	return err == nil && (stat.State == 'T' || stat.State == 't')
}
