package loadgen

import (
	"maps"
	"sync"
	"time"

	"github.com/hangtime-dev/hangtime/hdr"
	"github.com/hangtime-dev/hangtime/history"
)

// A Summary is an attack so far, added up. Its histograms are those of the history, merged exactly.
type Summary struct {
	Elapsed time.Duration // from its beginning to the last window

	Counts
	Times

	InFlight, MostInFlight int
	Connections            int
	Waited                 time.Duration // how long hits waited because every sender was busy, in windows of 100 ms
	CPU                    time.Duration // processor time of the generator
	Bound                  string        // why the generator itself was the bottleneck, in words; empty: it was not
	Tasks                  history.Ledger
}

// Counts are the hits of an attack by what became of them, and the bytes that went either way.
type Counts struct {
	Due, Sent, Late, Lagged, Dropped, Ended, OK, Failed uint64
	BytesIn, BytesOut                                   uint64
	Status, Errors                                      map[string]uint64
}

// Times are how long the hits of an attack took, whole and in each of their parts.
type Times struct {
	Response Spread // from due, of every hit; failed ones with the age at which they failed
	Service  Spread // from sent
	Wait     Spread // from due to sent
	Connect  Spread // of those that made a connection
	First    Spread // from sent, or from the new connection, to the first byte
	Body     Spread // from the first byte to the last
}

// A Spread is a distribution of times in short.
type Spread struct {
	Count                    uint64
	P50, P90, P99, P999, Max time.Duration
}

func spread(h *hdr.Histogram) Spread {
	return Spread{h.Count(), h.Quantile(0.5), h.Quantile(0.9), h.Quantile(0.99), h.Quantile(0.999), h.Quantile(1)}
}

// sum adds an attack up while it goes on.
type sum struct {
	mu      sync.Mutex
	summary Summary
	times   times
	senders int
}

func newSum(senders int) *sum {
	return &sum{times: newTimes(), senders: senders,
		summary: Summary{Counts: Counts{Status: map[string]uint64{}, Errors: map[string]uint64{}}}}
}

// ended takes a HitWindow with the histograms that will be in it.
func (s *sum) ended(w *history.HitWindow, t *times, bytesIn, bytesOut uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.summary.OK += w.OK
	s.summary.BytesIn += bytesIn
	s.summary.BytesOut += bytesOut
	for status, n := range w.Status {
		s.summary.Status[status] += n
	}
	for class, n := range w.Errors {
		s.summary.Errors[class] += n
		s.summary.Failed += n
	}
	s.times.response.Merge(t.response)
	s.times.response.Merge(t.failed)
	s.times.service.Merge(t.service)
	s.times.wait.Merge(t.wait)
	s.times.connect.Merge(t.connect)
	s.times.first.Merge(t.first)
	s.times.body.Merge(t.body)
}

// sent takes a LoadWindow.
func (s *sum) sent(w history.LoadWindow) {
	s.mu.Lock()
	defer s.mu.Unlock()
	y := &s.summary
	y.Due += w.Due
	y.Sent += w.Sent
	y.Late += w.Late
	y.Lagged += w.Lagged
	y.Dropped += w.Dropped
	y.Ended += w.Ended
	y.CPU += w.CPU
	y.Elapsed += w.To - w.From
	y.InFlight, y.MostInFlight, y.Connections = w.InFlight, max(y.MostInFlight, w.InFlight), w.Connections
	if w.Waiting > 0 && w.InFlight >= s.senders {
		y.Waited += w.To - w.From
	}
}

// limited says why the generator itself was the bottleneck.
func (s *sum) limited(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.summary.Bound = text
}

// snapshot is what was added up so far; any goroutine may ask.
func (s *sum) snapshot() Summary {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := s.summary
	out.Status, out.Errors = maps.Clone(out.Status), maps.Clone(out.Errors)
	t := s.times
	out.Response, out.Service, out.Wait = spread(t.response), spread(t.service), spread(t.wait)
	out.Connect, out.First, out.Body = spread(t.connect), spread(t.first), spread(t.body)
	return out
}
