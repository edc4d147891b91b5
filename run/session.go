package run

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/hangtime-dev/hangtime/history"
)

// A Sink gets all records, in order, on one goroutine at a time, at most 100 ms after they were made. One that fails is
// asked no more.
type Sink = func([]history.Record) error

// A session is one history from its header to its end: it records the passing of time, hands on what was recorded, and
// can be stopped. A run, a load alone and a watching are sessions that differ in what they do meanwhile.
type session struct {
	rec    *history.Recorder
	began  time.Time // the wall clock at the recorder's zero
	sinks  []Sink    // nil: it failed
	failed []error   // each sink's
	spare  []history.Record
	ctx    context.Context // ends when somebody stops it
	cancel context.CancelCauseFunc

	ticking, draining       sync.WaitGroup
	stopTicking, stopDrains context.CancelFunc

	mu sync.Mutex
	by string // who or what ended it early
}

const (
	drainEvery = 50 * time.Millisecond
	tickEvery  = 100 * time.Millisecond
	// stuckFor is after how long without a look of the probe time goes on all the same. Short it must not be: where Go
	// puts a timer off, it still wakes up at the old time.
	stuckFor = time.Second
)

// newSession starts the clock.
func newSession(sinks []Sink) *session {
	began := time.Now()
	s := &session{rec: history.NewRecorder(began), began: began, sinks: append([]Sink(nil), sinks...)}
	s.ctx, s.cancel = context.WithCancelCause(context.Background())
	return s
}

// conduct records all from the header to the end while work is done. The error is that of work and of every sink.
func (s *session) conduct(header history.Header, work func() error) error {
	s.rec.Record(header)
	s.keep(nil)
	err := work()
	if err != nil && !errors.Is(err, ErrInterrupted) && !errors.Is(err, ErrAborted) {
		s.rec.Record(history.Trouble{Component: "run", Text: err.Error()})
	}
	return errors.Join(err, s.finish())
}

// keep begins to record the passing of time and to hand on what was recorded. looked is told after each look of the
// probe that is watched with: then both are done right after it, on one goroutine, because each time that a process
// wakes up costs more than what it does then. Where it is nil, as under load, each has a goroutine of its own, so that
// a sink that takes long does not look like a stall of hangtime.
func (s *session) keep(looked <-chan struct{}) {
	var ticks, drains context.Context
	ticks, s.stopTicking = context.WithCancel(context.Background())
	drains, s.stopDrains = context.WithCancel(context.Background())
	if looked != nil {
		s.ticking.Go(func() { s.tick(ticks, looked, s.drain) })
		return
	}
	s.ticking.Go(func() { s.tick(ticks, nil, func() {}) })
	s.draining.Go(func() { s.drainUntil(drains) })
}

// finish ends what keep began: the last records, and RunEnded after them, are with the sinks when it returns. The error
// is that of every sink that failed.
func (s *session) finish() error {
	s.stopTicking()
	s.ticking.Wait()
	s.rec.Record(history.RunEnded{})
	s.stopDrains()
	s.draining.Wait()
	s.drain()
	s.drain() // what a sink's failure recorded
	return errors.Join(s.failed...)
}

// tick records the passing of time until ctx ends, with how late each tick came: hangtime's own stalls. It does what is
// due after each.
func (s *session) tick(ctx context.Context, looked <-chan struct{}, after func()) {
	wait := tickEvery
	if looked != nil {
		wait = stuckFor
	}
	due := time.Now().Add(tickEvery)
	timer := time.NewTimer(wait)
	defer timer.Stop()
	for {
		select {
		case <-looked:
		case <-timer.C:
		case <-ctx.Done():
			return
		}
		now := time.Now()
		s.rec.Record(history.Tick{Late: max(now.Sub(due), 0)})
		after()
		// From here: after a stall a burst of ticks would hide it, and counted on from the last one, an early look
		// would hide as much of the next delay.
		due = now.Add(tickEvery)
		if looked != nil {
			timer.Reset(wait)
		} else {
			timer.Reset(time.Until(due))
		}
	}
}

// drainUntil hands on what was recorded every 50 ms until ctx ends.
func (s *session) drainUntil(ctx context.Context) {
	ticker := time.NewTicker(drainEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			s.drain()
		case <-ctx.Done():
			return
		}
	}
}

// drain hands on what was recorded. A sink that fails is left out from then on, and the others are told: they must not
// miss the end because of a full disk. One goroutine at a time calls it: that of keep, and after it the one that
// finishes.
func (s *session) drain() {
	records := s.rec.Drain(s.spare)
	s.spare = records
	if len(records) == 0 {
		return
	}
	for i, sink := range s.sinks {
		if sink == nil {
			continue
		}
		if err := sink(records); err != nil {
			s.sinks[i] = nil
			s.failed = append(s.failed, err)
			s.rec.Record(history.Trouble{Component: "run", Text: err.Error()})
		}
	}
}

// Stop ends it in order: faults are healed, hits are drained, the server is stopped. by says who asked: "SIGINT", "q".
// A second call has no effect.
func (s *session) Stop(by string) {
	s.end(by, history.Interrupted{By: by}, fmt.Errorf("%w by %s", ErrInterrupted, by))
}

// end records why it ends early, and lets ctx end because of cause; only the first call has an effect.
func (s *session) end(by string, why history.Event, cause error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.by != "" {
		return
	}
	s.by = by
	s.rec.Record(why)
	s.cancel(cause)
}

// header says what is recorded, where, and by which hangtime.
func (s *session) header(tool, scenario, text string, seed uint64) (history.Header, error) {
	var uts unix.Utsname
	if err := unix.Uname(&uts); err != nil {
		return history.Header{}, fmt.Errorf("ask for the kernel's name: %w", err)
	}
	host, err := os.Hostname()
	if err != nil {
		return history.Header{}, fmt.Errorf("ask for the host's name: %w", err)
	}
	return history.Header{
		Format: history.Format, Tool: tool, Scenario: scenario, Text: text, Seed: seed,
		Host: host, Kernel: unix.ByteSliceToString(uts.Release[:]), Cores: runtime.NumCPU(), Started: s.began,
	}, nil
}

// ErrAborted is the cause of a run that a check with abort ended: the run went as it should, the server did not.
var ErrAborted = errors.New("a check ended the run")

// ErrInterrupted is the cause of a run that a person or a signal ended.
var ErrInterrupted = errors.New("interrupted")

// WithoutInterrupt leaves out an error that only repeats that the run was interrupted: the verdict has said so.
func WithoutInterrupt(err error) error {
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		var rest []error
		for _, one := range many.Unwrap() {
			rest = append(rest, WithoutInterrupt(one))
		}
		return errors.Join(rest...)
	}
	if errors.Is(err, ErrInterrupted) {
		return nil
	}
	return err
}

func until(ctx context.Context, at time.Time) error {
	t := time.NewTimer(time.Until(at))
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
