//go:build bench

package bench

import (
	"context"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/hangtime-dev/hangtime/diagnose"
	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/probe"
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
	since   time.Duration // since when, by the fold's last word
	end     time.Duration // when it was well or gone; -1: not yet
	cause   string        // the last word on why
	short   string
	died    bool
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
	var err error
	if w.probe, err = probe.Watch(ctx, probe.Target{Arbiter: s.pid, Address: s.address}, w.rec); err != nil {
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
		one := w.open[worker.PID]
		switch worker.State {
		case diagnose.Suspect, diagnose.Hung, diagnose.Stopped:
			if one == nil {
				one = &spell{pid: worker.PID, suspect: r.At, found: -1, end: -1}
				w.open[worker.PID] = one
			}
			if worker.State != diagnose.Suspect && one.found < 0 {
				one.found = r.At
				w.spells = append(w.spells, one)
			}
			if worker.State != diagnose.Suspect && worker.Cause != nil {
				one.since, one.cause, one.short = worker.Since, worker.Cause.Kind, worker.Cause.Short
			}
		default:
			if one != nil {
				one.end = r.At
				delete(w.open, worker.PID)
			}
			if gone, ok := r.Event.(history.WorkerGone); ok && gone.PID == worker.PID &&
				worker.State == diagnose.Dead && (one == nil || one.found < 0) {
				w.died(r.At, worker.PID)
			}
		}
	}
}

func (w *watch) died(at time.Duration, pid int) {
	for _, in := range w.fold.Incidents() {
		for _, v := range in.Victims {
			if in.Kind == diagnose.KindCrash && v.PID == pid {
				w.spells = append(w.spells, &spell{pid: pid, suspect: -1, found: at, since: v.From, end: at,
					cause: in.Cause.Kind, short: in.Cause.Short, died: true})
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
