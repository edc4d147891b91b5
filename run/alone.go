package run

import (
	"context"
	"errors"
	"fmt"
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
	Watch    *Lookout // of the server behind the address, whose workers are to be watched meanwhile; nil: nobody looks
	Sinks    []Sink
}

// A Lookout watches the workers of a server while somebody else loads it.
type Lookout struct {
	Arbiter   int // its process number
	HangAfter time.Duration
	// Begin watches until stop is called, and records what is seen.
	Begin func(context.Context, *history.Recorder) (stop func(), err error)
}

// Alone is a session with a load and without a server to start or a fault: one attack, recorded as a run of one variant
// and one phase.
type Alone struct {
	*session
	options AloneOptions
	attack  *loadgen.Attack
	plan    scenarios.Scenario
}

// NewAlone prepares the attack; its clock starts now. Nothing is sent before Conduct.
func NewAlone(options AloneOptions) (*Alone, error) {
	plan, err := options.Document.Variant(0)
	if err != nil {
		return nil, err
	}
	a := &Alone{session: newSession(options.Sinks), options: options, plan: plan}
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

// Conduct sends, and returns when all hits have ended and all is with the sinks. The error wraps ErrInterrupted when
// Stop was called.
func (a *Alone) Conduct() error {
	text, err := a.options.Document.Text()
	if err != nil {
		return fmt.Errorf("write the load into the recording: %w", err)
	}
	header, err := a.header(a.options.Tool, a.plan.Name, text, a.options.Load.Seed)
	if err != nil {
		return err
	}
	return a.conduct(header, a.send)
}

func (a *Alone) send() error {
	one := a.plan.Variants[0]
	length := a.options.Length
	a.rec.Record(history.VariantStarted{Name: one.Name, Expect: string(one.Expect), Of: 1, Planned: length})
	started := history.ServerStarted{Server: a.plan.Server.Kind, Address: a.plan.Server.URL}
	if target := a.options.Watch; target != nil {
		started.PID, started.HangAfter = target.Arbiter, target.HangAfter
	}
	a.rec.Record(started)
	a.rec.Record(history.PhaseStarted{Phase: history.Before, Planned: length})
	err := a.attacked(length)
	reason := ""
	if err != nil {
		reason = err.Error()
	}
	a.rec.Record(history.VariantEnded{Name: one.Name, Reason: reason})
	return err
}

// attacked sends while the server is watched, where it is to be.
func (a *Alone) attacked(length time.Duration) error {
	if a.options.Watch != nil {
		stop, err := a.options.Watch.Begin(a.ctx, a.rec)
		if err != nil {
			return fmt.Errorf("watch the server: %w", err)
		}
		defer stop()
	}
	ending := time.AfterFunc(length, func() { a.rec.Record(history.PhaseStarted{Phase: history.Ending}) })
	defer ending.Stop()
	return a.attack.Run(a.ctx, length)
}
