//go:build bench

package bench

import (
	"context"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/hangtime-dev/hangtime/diagnose"
	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/probe"
	"github.com/hangtime-dev/hangtime/probe/discovery"
)

const (
	drainEvery = 50 * time.Millisecond  // as a run drains: what is found in between is on the screen so much later
	tickEvery  = 100 * time.Millisecond // as a run ticks
)

// A spell is one worker's time under suspicion, as the fold said it.
type spell struct {
	pid     int
	suspect time.Duration // when it was first suspected; -1: it was not
	found   time.Duration // when it was held to be hung, or dead; -1: it was not
	slow    time.Duration // when it was called slow, or awaiting, with a cause or a line; -1: it was not
	end     time.Duration // when it was well or gone; -1: not yet
	words   []word        // what was said of it, whenever that changed
	died    bool
}

// A word is what the fold said of a worker.
type word struct {
	at    time.Duration
	hung  bool          // and not slow or awaiting
	since time.Duration // since when there is no progress
	cause string
	short string
	where string // the application's line
}

// last is the last word that was said until a moment, of one that was called hung the last as long as it was.
func (s spell) last(until time.Duration) word {
	said := s.words[0]
	for _, one := range s.words {
		if one.at <= until && (one.hung || !said.hung) || one.hung && !said.hung {
			said = one
		}
	}
	return said
}

// A watch looks at one server as `hangtime watch` does, and notes what the fold says of each worker.
type watch struct {
	rec   *history.Recorder
	probe *probe.Probe
	mono  time.Duration // CLOCK_MONOTONIC when the recorder's clock was 0

	mu     sync.Mutex
	fold   *diagnose.Fold
	open   map[int]*spell
	spells []*spell
	late   int // ticks that were late enough to discard a window
	ticks  int
	labels map[diagnose.Label]int
	file   *history.Writer // nil: nothing is kept
}

func watchServer(ctx context.Context, t *testing.T, s *server) (w *watch, stop func()) {
	t.Helper()
	w = &watch{rec: history.NewRecorder(time.Now()), fold: diagnose.New(diagnose.DefaultLimits()),
		open: map[int]*spell{}, labels: map[diagnose.Label]int{}}
	w.mono = monotonic() - w.rec.Now()
	if *record != "" {
		file, err := history.Create(filepath.Join(*record,
			strings.NewReplacer("/", "-", " ", "-", ",", "", ":", "").Replace(t.Name())+history.Extension))
		if err != nil {
			t.Fatal(err)
		}
		w.file = file
		t.Cleanup(func() { _ = file.Close() })
	}
	w.rec.Record(history.Header{Format: history.Format, Scenario: t.Name(), Started: time.Now()})
	w.rec.Record(history.VariantStarted{Name: s.kind, Of: 1})
	w.rec.Record(history.ServerStarted{Server: "attach", PID: s.pid, Address: s.address})
	ctx, cancel := context.WithCancel(ctx)
	server, err := discovery.Find(discovery.Hint{PID: s.pid})
	if err != nil {
		cancel()
		t.Fatal(err)
	}
	if w.probe, err = probe.Watch(ctx, server, w.rec); err != nil {
		cancel()
		t.Fatal(err)
	}
	var hands sync.WaitGroup
	hands.Go(func() { w.tick(ctx) })
	hands.Go(func() { w.drain(ctx) })
	return w, func() {
		w.probe.Close()
		cancel()
		hands.Wait()
	}
}

func (w *watch) tick(ctx context.Context) {
	due := time.Now().Add(tickEvery)
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(time.Until(due)):
		}
		late := time.Since(due)
		w.rec.Record(history.Tick{Late: late})
		w.mu.Lock()
		w.ticks++
		if late > diagnose.DefaultLimits().Late {
			w.late++
		}
		w.mu.Unlock()
		due = due.Add((late/tickEvery + 1) * tickEvery)
	}
}

func (w *watch) drain(ctx context.Context) {
	var records []history.Record
	for ctx.Err() == nil {
		time.Sleep(drainEvery)
		records = w.rec.Drain(records)
		w.mu.Lock()
		for _, r := range records {
			w.fold.Add(r)
			w.note(r)
		}
		w.mu.Unlock()
		if w.file != nil && w.file.Append(records) != nil {
			w.file = nil
		}
	}
}

// note follows the states of all workers after a record; the record's time is when the fold could first know.
func (w *watch) note(r history.Record) {
	switch r.Event.(type) {
	case history.Heartbeat, history.Listener:
		return
	}
	for _, worker := range w.fold.Workers() {
		if worker.Label != "" {
			w.labels[worker.Label]++
		}
		w.noteWorker(r, worker)
	}
	// Its place may be another's at once, so it is not looked for among the workers.
	if gone, ok := r.Event.(history.WorkerGone); ok {
		if one := w.open[gone.PID]; one == nil || one.found < 0 {
			w.died(r.At, gone.PID)
		}
	}
}

// noteWorker opens, goes on with, or ends the spell of one worker.
func (w *watch) noteWorker(r history.Record, worker diagnose.Worker) {
	one := w.open[worker.PID]
	hung := worker.State == diagnose.Hung || worker.State == diagnose.Stopped
	slow := !hung && (worker.Label == diagnose.Slow && worker.Cause != nil ||
		worker.Label == diagnose.Awaiting && len(worker.Awaits) > 0)
	if hung || slow || worker.State == diagnose.Suspect {
		if one == nil {
			one = &spell{pid: worker.PID, suspect: r.At, found: -1, slow: -1, end: -1}
			w.open[worker.PID] = one
		}
		if (hung || slow) && one.found < 0 && one.slow < 0 {
			w.spells = append(w.spells, one)
		}
		said := word{at: r.At, hung: hung, since: worker.Since}
		switch {
		case hung && one.found < 0:
			one.found = r.At
		case slow && one.slow < 0:
			one.slow = r.At
		}
		switch {
		case slow && worker.Label == diagnose.Awaiting:
			said.since, said.where, said.short = r.At-worker.Awaits[0].Age, worker.Awaits[0].Where, worker.Awaits[0].What
		case worker.Cause != nil:
			said.cause, said.short, said.where = worker.Cause.Kind, worker.Cause.Short, worker.Cause.Where
			if slow {
				said.since = r.At - worker.Oldest
			}
		}
		if hung || slow {
			one.says(said)
		}
		return
	}
	if one != nil {
		one.end = r.At
		delete(w.open, worker.PID)
	}
}

// says keeps a word, unless it is the one before again; an age is read to some milliseconds.
func (s *spell) says(said word) {
	if n := len(s.words); n > 0 {
		was := s.words[n-1]
		was.at, was.since = said.at, said.since
		if was == said && (s.words[n-1].since-said.since).Abs() < 20*time.Millisecond {
			return
		}
	}
	s.words = append(s.words, said)
}

func (w *watch) died(at time.Duration, pid int) {
	for _, in := range w.fold.Incidents() {
		for _, v := range in.Victims {
			if in.Kind == diagnose.KindCrash && v.PID == pid {
				w.spells = append(w.spells, &spell{pid: pid, suspect: -1, found: at, slow: -1, end: at, died: true,
					words: []word{{at: at, hung: true, since: v.From, cause: in.Cause.Kind, short: in.Cause.Short}}})
			}
		}
	}
}

// findings are all spells so far that came to something.
func (w *watch) findings() []spell {
	w.mu.Lock()
	defer w.mu.Unlock()
	all := make([]spell, len(w.spells))
	for i, one := range w.spells {
		all[i] = *one
		all[i].words = slices.Clone(one.words)
	}
	return all
}

func monotonic() time.Duration {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts); err != nil {
		return 0
	}
	return time.Duration(ts.Nano())
}
