package run

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/hangtime-dev/hangtime/faults"
	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/scenarios"
)

// A Run is one execution of a scenario. Conduct is called once; the other methods may be called from any goroutine
// meanwhile.
type Run struct {
	*session
	options Options

	now atomic.Pointer[variant] // nil: none has begun
}

// errNotAllowed is why a server that was there before is not broken.
var errNotAllowed = errors.New("this server was not started by hangtime; give --allow-faults to break it on purpose")

// New prepares a run; its clock starts now.
func New(options Options) *Run {
	return &Run{session: newSession(options.Sinks), options: options}
}

// Conduct runs all variants, one after the other, and returns when everything is healed, stopped and recorded. The
// error says why the run could not be carried out; ErrInterrupted (wrapped) when Stop was called. What was recorded
// until then is with the sinks in any case.
func (r *Run) Conduct() error {
	text, err := r.options.Document.Text()
	if err != nil {
		return fmt.Errorf("write the scenario into the recording: %w", err)
	}
	header, err := r.header(r.options.Tool, r.options.Name, text, r.options.Seed)
	if err != nil {
		return err
	}
	return r.conduct(header, r.variants)
}

func (r *Run) variants() (err error) {
	guardian, err := faults.StartGuardian(r.ctx)
	if err != nil {
		return fmt.Errorf("start the guardian: %w", err)
	}
	defer func() { err = errors.Join(err, guardian.Close()) }()
	ctx, end := context.WithCancelCause(r.ctx)
	defer end(nil)
	var watch sync.WaitGroup
	defer watch.Wait()
	over := make(chan struct{})
	defer close(over)
	watch.Go(func() {
		select {
		case <-guardian.Lost():
			end(faults.ErrLost)
		case <-over:
		}
	})
	dir, err := guardian.TempDir()
	if err != nil {
		return fmt.Errorf("make the run's folder: %w", err)
	}
	doc := r.options.Document
	if err := r.possible(); err != nil {
		return err
	}
	for i := range doc.Scenario.Variants {
		plan, err := doc.Variant(i)
		if err != nil {
			return err
		}
		logs := filepath.Join(dir, plan.Variants[i].Name)
		if err := os.Mkdir(logs, 0o700); err != nil {
			return fmt.Errorf("make the folder of variant %s: %w", plan.Variants[i].Name, err)
		}
		v := &variant{rec: r.rec, options: r.options, index: i, plan: plan, dir: logs, guardian: guardian}
		r.now.Store(v)
		if err := v.conduct(ctx); err != nil {
			return err
		}
	}
	return nil
}

// possible says why a fault of any variant cannot be done on this machine: that is known before the first server starts.
func (r *Run) possible() error {
	doc := r.options.Document
	var all []error
	told := map[string]bool{}
	for i := range doc.Scenario.Variants {
		plan, err := doc.Variant(i)
		if err != nil {
			return err
		}
		for n, f := range plan.Faults {
			if err := errors.Join(r.allowed(plan.Server), faults.Possible(f, plan.Server)); err != nil {
				text := fmt.Sprintf("faults[%d] (%s): %s", n, f.Kind, strings.ReplaceAll(err.Error(), "\n", "; "))
				if !told[text] {
					all = append(all, errors.New(text))
				}
				told[text] = true
			}
		}
	}
	return errors.Join(all...)
}

// allowed says why a server may not be broken by anybody, scenario or person.
func (r *Run) allowed(s scenarios.Server) error {
	if s.Kind == scenarios.Attach && !r.options.AllowFaults {
		return errNotAllowed
	}
	return nil
}

// Abort ends the run in order, as Stop does, because the check at key does not hold. A second call has no effect.
func (r *Run) Abort(key, check string) {
	r.end(key, history.Aborted{Key: key, Check: check}, fmt.Errorf("%w early: %s did not hold", ErrAborted, check))
}
