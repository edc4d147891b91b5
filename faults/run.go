package faults

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/hangtime-dev/hangtime/history"
)

// Run does all faults on their schedules, counted from now, until ctx ends or all are over, and returns when
// everything is healed. What cannot be done is recorded; the error says what could not be undone.
func Run(ctx context.Context, all []*Injection, rec *history.Recorder) error {
	s := &stage{rec: rec, begin: time.Now()}
	var hands sync.WaitGroup
	for _, i := range all {
		hands.Go(func() { s.schedule(ctx, i) })
	}
	hands.Wait()
	return s.healAll(endReason(ctx))
}

// A stage is where the faults of one call of Run are up.
type stage struct {
	rec   *history.Recorder
	begin time.Time

	mu     sync.Mutex
	count  int
	up     []*standing // in the order in which they took effect
	failed []error     // what could not be undone
}

// A standing fault is in effect and has to be healed.
type standing struct {
	id   string
	heal func() (string, error)
}

// schedule strikes at At, then every Every, strictly before ctx's deadline. A stroke that is not over when the next
// one is due lets that one out.
func (s *stage) schedule(ctx context.Context, i *Injection) {
	end, bounded := ctx.Deadline()
	if _, once := i.harm.(instant); once && i.fault.For > 0 {
		// What is over the moment it strikes is repeated for that time.
		if until := s.begin.Add(i.fault.At + i.fault.For); !bounded || until.Before(end) {
			end, bounded = until, true
		}
	}
	for due := s.begin.Add(i.fault.At); !(bounded && !due.Before(end)) && sleep(ctx, time.Until(due)); {
		s.stroke(ctx, i)
		if i.fault.Every <= 0 {
			return
		}
		for due = due.Add(i.fault.Every); time.Now().After(due); due = due.Add(i.fault.Every) {
		}
	}
}

// stroke hits each target of one moment, all at once, and waits until that is over.
func (s *stage) stroke(ctx context.Context, i *Injection) {
	targets, err := i.harm.aim(ctx)
	if err != nil {
		asked := s.asked(ctx, i, target{words: "no target"})
		s.rec.Record(asked)
		s.rec.Record(history.FaultFailed{ID: asked.ID, Reason: err.Error()})
		return
	}
	var hands sync.WaitGroup
	for _, at := range targets {
		asked := s.asked(ctx, i, at)
		s.rec.Record(asked)
		hands.Go(func() { s.one(ctx, i, at, asked) })
	}
	hands.Wait()
}

// asked numbers a stroke.
func (s *stage) asked(ctx context.Context, i *Injection, at target) history.FaultAsked {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.count++
	by := i.field.By
	if by == "" {
		by = "scenario"
	}
	return history.FaultAsked{
		ID: fmt.Sprintf("%s/%d", i.field.Name, s.count), Fault: i.fault.Kind, Target: at.words, Worker: at.worker,
		PID: at.victim.PID, Path: at.path, For: i.lasts(ctx), By: by,
	}
}

// lasts is how long a fault is planned to be up; 0 for one that is over the moment it strikes.
func (i *Injection) lasts(ctx context.Context) time.Duration {
	if _, instant := i.harm.(instant); instant {
		return 0
	}
	// Rounded to what the plan says: a few milliseconds have passed since the phase began, and ctx ends the fault in
	// any case.
	const grain = 100 * time.Millisecond
	d := i.fault.For
	if deadline, ok := ctx.Deadline(); ok {
		if left := max(time.Until(deadline).Round(grain), grain); d == 0 || left < d {
			d = left
		}
	}
	longest := Longest
	if h, ok := i.harm.(interface{ most() time.Duration }); ok {
		longest = h.most()
	}
	if d == 0 || d > longest {
		d = longest
	}
	return d
}

func (s *stage) one(ctx context.Context, i *Injection, at target, asked history.FaultAsked) {
	err := ctx.Err() // it may have ended while the target was chosen: then nothing is done any more
	var seen effect
	if err == nil {
		seen, err = i.harm.strike(ctx, at)
	}
	if err != nil {
		if ctx.Err() != nil {
			err = fmt.Errorf("%s before it took effect: %w", endReason(ctx), err)
		}
		s.rec.Record(history.FaultFailed{ID: asked.ID, Reason: err.Error()})
		return
	}
	if seen.heal != nil {
		up := &standing{asked.ID, seen.heal}
		s.mu.Lock()
		s.up = append(s.up, up)
		s.mu.Unlock()
	}
	s.rec.Record(history.FaultInEffect{ID: asked.ID, PID: seen.pid, Detail: seen.detail})
	if seen.heal != nil && sleep(ctx, asked.For) {
		s.healed(asked.ID, "its time was over")
	}
}

// healed heals one fault unless that was done already.
func (s *stage) healed(id, why string) {
	s.mu.Lock()
	n := slices.IndexFunc(s.up, func(one *standing) bool { return one.id == id })
	if n < 0 {
		s.mu.Unlock()
		return
	}
	one := s.up[n]
	s.up = slices.Delete(s.up, n, n+1)
	s.mu.Unlock()

	how, err := one.heal()
	if err != nil {
		s.rec.Record(history.FaultFailed{ID: id, Reason: "not undone: " + err.Error()})
		s.mu.Lock()
		s.failed = append(s.failed, fmt.Errorf("fault %s was not undone: %w", id, err))
		s.mu.Unlock()
		return
	}
	if how != "" {
		why += "; " + how
	}
	s.rec.Record(history.FaultHealed{ID: id, Why: why, Verified: true})
}

// healAll heals what is still up, the last first, and says what could not be undone.
func (s *stage) healAll(why string) error {
	s.mu.Lock()
	ids := make([]string, 0, len(s.up))
	for _, one := range s.up {
		ids = append(ids, one.id)
	}
	s.mu.Unlock()
	for _, id := range slices.Backward(ids) {
		s.healed(id, why)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return errors.Join(s.failed...)
}

// endReason names the end of ctx as a heal's reason.
func endReason(ctx context.Context) string {
	switch cause := context.Cause(ctx); {
	case cause == nil:
		return "its time was over"
	case errors.Is(cause, context.DeadlineExceeded):
		return "the phase is over"
	case errors.Is(cause, context.Canceled):
		return "interrupted"
	default:
		return cause.Error()
	}
}
