package run

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/loadgen"
	"github.com/hangtime-dev/hangtime/scenarios"
)

// AloneOptions are those of the load generator alone.
type AloneOptions struct {
	Document *scenarios.Document // with server.kind url, no faults and one variant
	Tool     string              // version of hangtime
	Length   time.Duration       // how long hits are due; 0: as long as the plan has any
	Load     loadgen.Options
	Sinks    []func([]history.Record) error // as those of a Run
}

// Alone is a load without a server to start, a fault or a probe: one attack, recorded as a run of one variant and one phase.
type Alone struct {
	options AloneOptions
	rec     *history.Recorder
	attack  *loadgen.Attack
	plan    scenarios.Scenario
	ctx     context.Context
	cancel  context.CancelCauseFunc

	mu sync.Mutex
	by string // who interrupted it
}

// NewAlone prepares the attack; its clock starts now. Nothing is sent before Conduct.
func NewAlone(options AloneOptions) (*Alone, error) {
	plan, err := options.Document.Variant(0)
	if err != nil {
		return nil, err
	}
	a := &Alone{options: options, rec: history.NewRecorder(time.Now()), plan: plan}
	a.ctx, a.cancel = context.WithCancelCause(context.Background())
	if a.attack, err = loadgen.New(plan.Load, plan.Server.URL, a.rec, options.Load); err != nil {
		return nil, err
	}
	if a.options.Length == 0 {
		if a.options.Length = a.attack.Length(); a.options.Length == 0 {
			return nil, errors.New("this load has no end of its own; say how long with --duration")
		}
	}
	return a, nil
}

// Attack is what is sent: its engine, its pattern, and its figures while it runs.
func (a *Alone) Attack() *loadgen.Attack { return a.attack }

// Length is how long hits are due.
func (a *Alone) Length() time.Duration { return a.options.Length }

// Conduct sends, and returns when all hits have ended and all is with the sinks. The error wraps ErrInterrupted when Stop was called.
func (a *Alone) Conduct() error {
	r := &Run{options: Options{Document: a.options.Document, Name: a.plan.Name, Tool: a.options.Tool, Seed: a.options.Load.Seed}, rec: a.rec}
	header, err := r.header()
	if err != nil {
		return err
	}
	a.rec.Record(header)
	background, stop := context.WithCancel(context.Background())
	ticks, stopTicks := context.WithCancel(context.Background())
	var draining, ticking sync.WaitGroup
	var broken error
	draining.Go(func() {
		drain(background, a.rec, a.options.Sinks, func(err error) {
			broken = err
			a.rec.Record(history.Trouble{Component: "run", Text: err.Error()})
		})
	})
	ticking.Go(func() { tick(ticks, a.rec) })

	err = a.send()
	stopTicks()
	ticking.Wait()
	a.rec.Record(history.RunEnded{})
	stop()
	draining.Wait()
	return errors.Join(err, broken)
}

func (a *Alone) send() error {
	one := a.plan.Variants[0]
	length := a.options.Length
	a.rec.Record(history.VariantStarted{Name: one.Name, Expect: string(one.Expect), Of: 1, Planned: length})
	a.rec.Record(history.ServerStarted{Server: a.plan.Server.Kind, Address: a.plan.Server.URL})
	a.rec.Record(history.PhaseStarted{Phase: history.Before, Planned: length})
	ending := time.AfterFunc(length, func() { a.rec.Record(history.PhaseStarted{Phase: history.Ending}) })
	err := a.attack.Run(a.ctx, length)
	ending.Stop()
	reason := ""
	if err != nil {
		reason = err.Error()
	}
	a.rec.Record(history.VariantEnded{Name: one.Name, Reason: reason})
	return err
}

// Stop ends it in order. by says who asked: "SIGINT", "q". A second call has no effect.
func (a *Alone) Stop(by string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.by != "" {
		return
	}
	a.by = by
	a.rec.Record(history.Interrupted{By: by})
	a.cancel(fmt.Errorf("%w by %s", ErrInterrupted, by))
}
