package run

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/hangtime-dev/hangtime/faults"
	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/scenarios"
)

// Options of a run.
type Options struct {
	Document *scenarios.Document
	Name     string // of the scenario, as the header and file names have it
	Self     string // hangtime's own binary, which is also the reference server
	Tool     string // version of hangtime
	Seed     uint64
	// AllowFaults lets faults be done to a server that hangtime did not start.
	AllowFaults bool
	// Allow are hosts other than this machine that may be loaded.
	Allow []string
	// Sinks get all records, in order, at most 50 ms after they were made, on one goroutine.
	Sinks []func([]history.Record) error
}

// A Run is one execution of a scenario. Conduct is called once; the other methods may be called from any goroutine meanwhile.
type Run struct {
	options Options
	rec     *history.Recorder
	cancel  context.CancelCauseFunc
	ctx     context.Context

	mu      sync.Mutex
	current *variant
	by      string // who interrupted it
}

// ErrInterrupted is the cause of a run that a person or a signal ended.
var ErrInterrupted = errors.New("interrupted")

// errNotAllowed is why a server that was there before is not broken.
var errNotAllowed = errors.New("this server was not started by hangtime; give --allow-faults to break it on purpose")

// New prepares a run; its clock starts now.
func New(options Options) *Run {
	r := &Run{options: options, rec: history.NewRecorder(time.Now())}
	r.ctx, r.cancel = context.WithCancelCause(context.Background())
	return r
}

// Conduct runs all variants, one after the other, and returns when everything is healed, stopped and recorded. The error says why the run could not be carried
// out; ErrInterrupted (wrapped) when Stop was called. What was recorded until then is with the sinks in any case.
func (r *Run) Conduct() error {
	header, err := r.header()
	if err != nil {
		return err
	}
	r.rec.Record(header)
	background, stop := context.WithCancel(context.Background())
	var helpers sync.WaitGroup
	var broken error
	helpers.Go(func() {
		drain(background, r.rec, r.options.Sinks, func(err error) {
			broken = err
			r.rec.Record(history.Trouble{Component: "run", Text: err.Error()})
		})
	})
	ticks, stopTicks := context.WithCancel(context.Background())
	var ticking sync.WaitGroup
	ticking.Go(func() { tick(ticks, r.rec) })

	err = r.variants()
	if err != nil && !errors.Is(err, ErrInterrupted) && !errors.Is(err, ErrAborted) {
		r.rec.Record(history.Trouble{Component: "run", Text: err.Error()})
	}
	stopTicks()
	ticking.Wait()
	r.rec.Record(history.RunEnded{})
	stop()
	helpers.Wait()
	return errors.Join(err, broken)
}

func (r *Run) variants() (err error) {
	guardian, err := faults.StartGuardian(r.ctx)
	if err != nil {
		return fmt.Errorf("start the guardian: %w", err)
	}
	defer func() { err = errors.Join(err, guardian.Close()) }()
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
		v := &variant{run: r, index: i, plan: plan, dir: logs, guardian: guardian}
		r.mu.Lock()
		r.current = v
		r.mu.Unlock()
		if err := v.conduct(r.ctx); err != nil {
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
	if s.Kind == "attach" && !r.options.AllowFaults {
		return errNotAllowed
	}
	return nil
}

func (r *Run) header() (history.Header, error) {
	text, err := r.options.Document.Text()
	if err != nil {
		return history.Header{}, fmt.Errorf("write the scenario into the recording: %w", err)
	}
	var uts unix.Utsname
	if err := unix.Uname(&uts); err != nil {
		return history.Header{}, fmt.Errorf("ask for the kernel's name: %w", err)
	}
	host, err := os.Hostname()
	if err != nil {
		return history.Header{}, fmt.Errorf("ask for the host's name: %w", err)
	}
	return history.Header{
		Format: history.Format, Tool: r.options.Tool, Scenario: r.options.Name, Text: text, Seed: r.options.Seed,
		Host: host, Kernel: unix.ByteSliceToString(uts.Release[:]), Cores: runtime.NumCPU(), Started: time.Now(),
	}, nil
}

// Stop ends the run in order: faults are healed, the server is stopped. by says who asked: "SIGINT", "q". A second call has no effect.
func (r *Run) Stop(by string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.by != "" {
		return
	}
	r.by = by
	r.rec.Record(history.Interrupted{By: by})
	r.cancel(fmt.Errorf("%w by %s", ErrInterrupted, by))
}

func (r *Run) now() *variant {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.current
}
