package run

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/hangtime-dev/hangtime/faults"
	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/loadgen"
	"github.com/hangtime-dev/hangtime/probe"
	"github.com/hangtime-dev/hangtime/probe/tasklogs"
	"github.com/hangtime-dev/hangtime/scenarios"
)

// A variant is one setting of the scenario while it runs.
type variant struct {
	rec      *history.Recorder
	options  Options
	index    int
	plan     scenarios.Scenario
	dir      string
	guardian *faults.Guardian
	ground   *faults.Ground

	mu     sync.Mutex
	attack *loadgen.Attack
	field  *faults.Field
	hands  sync.WaitGroup  // faults that a person asked for
	reach  context.Context // of those: ends with the phases, or with the server
	byHand int
}

func (v *variant) name() string { return v.plan.Variants[v.index].Name }

func (v *variant) record(ev history.Event) { v.rec.Record(ev) }

// conduct runs the variant from the server's start to its end. However it ends, the order is: no more hits, faults
// healed in reverse, hits and tasks drained, probe stopped, server stopped.
func (v *variant) conduct(ctx context.Context) error {
	one := v.plan.Variants[v.index]
	v.record(history.VariantStarted{Name: one.Name, Expect: string(one.Expect), Index: v.index,
		Of: len(v.plan.Variants), Planned: v.plan.Phases.Total()})
	err := v.boot(ctx)
	reason := ""
	if err != nil {
		reason = err.Error()
	}
	v.record(history.VariantEnded{Name: one.Name, Reason: reason})
	return err
}

func (v *variant) boot(ctx context.Context) (err error) {
	v.record(history.PhaseStarted{Phase: history.Starting})
	if v.ground, err = faults.Lay(ctx, v.plan.Faults, v.plan.Server, v.dir, v.guardian); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, v.ground.Close()) }() // after the server's end
	launch := launch{v.plan, v.dir, v.options.Self, v.guardian, v.ground, v.rec, v.options.Allow}
	srv, err := launch.start(ctx)
	if err != nil {
		return err
	}
	var workers []faults.Worker
	defer func() {
		srv.stop(workers)
		if srv.child != nil {
			v.guardian.Forget(srv.pid)
		}
		v.account()
	}()
	seen := func() []probe.Worker { return nil }
	if srv.pid != 0 {
		target, err := srv.target(ctx, scenarios.ServerKindOf(v.plan.Server.Kind).Ours)
		if err != nil {
			return err
		}
		if at := target.Elsewhere(v.plan.Server.Address); at != "" && v.plan.Server.Kind == scenarios.Attach {
			v.record(history.Trouble{Component: "run", Weight: history.Harmless, Text: fmt.Sprintf("the load goes to %s, and process %d, "+
				"which is watched, listens at %s: what is seen of it is of this load only where somebody at %s passes it on",
				v.plan.Server.Address, target.Arbiter, at, v.plan.Server.Address)})
		}
		target.Databases = v.options.Databases
		watch, err := probe.Watch(ctx, target, v.rec)
		if err != nil {
			return fmt.Errorf("watch the server: %w", err)
		}
		seen = watch.Workers
		defer func() {
			workers = places(watch.Workers)()
			watch.Close()
		}()
	}
	// A server that ends by itself ends the variant.
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var guard sync.WaitGroup
	defer guard.Wait()
	over := make(chan struct{})
	defer close(over)
	guard.Go(func() {
		select {
		case <-srv.ended():
			cancel(fmt.Errorf("the server ended by itself (%s)%s", srv.child.state, srv.child.lastWords()))
		case <-over:
		}
	})
	return v.load(ctx, srv, seen)
}

// account reads what the reference server's task logs hold at its end.
func (v *variant) account() {
	if v.plan.Server.Kind != scenarios.Reference || v.plan.Server.Logging == "stdout" {
		return
	}
	log, err := tasklogs.Read(v.dir)
	if err != nil {
		v.record(history.Trouble{Component: "probe", Text: err.Error()})
		return
	}
	v.record(log)
}

// load sends through all phases and breaks what is to be broken in the phase during.
func (v *variant) load(ctx context.Context, srv *server, seen func() []probe.Worker) error {
	field := faults.Field{Arbiter: srv.pid, Dir: srv.dir, Base: srv.base, Workers: places(seen), Ground: v.ground,
		Engine: srv.enginePID,
		Seed:   v.options.Seed + uint64(v.index), Name: v.name()}
	var planned []*faults.Injection
	for i, f := range v.plan.Faults {
		injection, err := faults.Prepare(f, field, v.guardian)
		if err != nil {
			return fmt.Errorf("faults[%d] (%s): %w", i, f.Kind, err)
		}
		planned = append(planned, injection)
	}
	load, base := srv.way(v.plan.Load)
	attack, err := loadgen.New(load, base, v.rec,
		loadgen.Options{Seed: v.options.Seed, Allow: v.options.Allow})
	if err != nil {
		return fmt.Errorf("load: %w", err)
	}
	reach, withdraw := context.WithCancelCause(ctx)
	defer withdraw(nil)
	v.mu.Lock()
	v.attack, v.field, v.reach = attack, &field, reach
	v.mu.Unlock()

	attacking, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	sent := make(chan error, 1)
	phases := v.plan.Phases
	v.record(history.PhaseStarted{Phase: history.Before, Planned: phases.Before})
	go func() { sent <- attack.Run(attacking, phases.Total()) }()
	err = v.phases(ctx, planned)
	if err != nil {
		stop(err)
	}
	v.mu.Lock()
	v.attack, v.field = nil, nil // from here on nothing can be asked for by hand
	v.mu.Unlock()
	withdraw(context.DeadlineExceeded) // which is told as the end of the phase
	v.hands.Wait()
	v.record(history.PhaseStarted{Phase: history.Ending})
	return errors.Join(err, loadError(<-sent))
}

// loadError leaves out what only says that we were told to stop.
func loadError(err error) error {
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, ErrInterrupted) || errors.Is(err, ErrAborted) {
		return nil
	}
	return fmt.Errorf("load: %w", err)
}

// phases goes through the times of the plan. The fault phase lasts as long as planned whatever the faults do; they
// are healed when it ends.
func (v *variant) phases(ctx context.Context, planned []*faults.Injection) error {
	begin := time.Now()
	p := v.plan.Phases
	if err := until(ctx, begin.Add(p.Before)); err != nil {
		return err
	}
	v.record(history.PhaseStarted{Phase: history.During, Planned: p.During})
	harm, cease := context.WithDeadline(ctx, begin.Add(p.Before+p.During))
	defer cease()
	harmed := make(chan error, 1)
	go func() { harmed <- faults.Run(harm, planned, v.rec) }()
	waited := until(ctx, begin.Add(p.Before+p.During))
	if err := <-harmed; err != nil && !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, context.Canceled) &&
		ctx.Err() == nil {
		v.record(history.Trouble{Component: "faults", Text: err.Error()})
	}
	if waited != nil {
		return waited
	}
	v.record(history.PhaseStarted{Phase: history.After, Planned: p.After})
	return until(ctx, begin.Add(p.Total()))
}

// places hands the probe's workers to the faults.
func places(seen func() []probe.Worker) func() []faults.Worker {
	return func() []faults.Worker {
		var all []faults.Worker
		for _, w := range seen() {
			all = append(all, faults.Worker{Place: w.Place, PID: w.PID, Start: w.Start, Born: w.Born})
		}
		return all
	}
}
