package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/hangtime-dev/hangtime/diagnose"
	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/probe"
	"github.com/hangtime-dev/hangtime/report"
)

// A targetFlags is which running server is meant.
type targetFlags struct {
	pid     int
	pidfile string
	port    int
	socket  string

	hangAfter time.Duration
	query     bool
}

func (t *targetFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.IntVar(&t.pid, "pid", 0, "process number of the server's arbiter, or of one of its workers")
	flags.StringVar(&t.pidfile, "pidfile", "", "file that holds it")
	flags.IntVar(&t.port, "port", 0, "TCP port where the server listens")
	flags.StringVar(&t.socket, "socket", "", "path of the unix socket where it listens")
	flags.DurationVar(&t.hangAfter, "hang-after", diagnose.DefaultHangAfter, "age from which on work hangs although nobody is seen to wait behind it; before that it is slow")
	flags.BoolVar(&t.query, "query", false, "show the part of a request's path behind the question mark too")
}

// find finds the server; exactly one way to name it must be given.
func (t *targetFlags) find() (probe.Target, error) {
	given := 0
	for _, is := range []bool{t.pid != 0, t.pidfile != "", t.port != 0, t.socket != ""} {
		if is {
			given++
		}
	}
	if t.hangAfter < time.Second {
		return probe.Target{}, &exit{exitUsage, fmt.Errorf("--hang-after: want at least 1s, got %v", t.hangAfter)}
	}
	if given != 1 {
		return probe.Target{}, &exit{exitUsage, errors.New("say which server: one of --pid, --pidfile, --port and --socket")}
	}
	target, err := probe.Find(probe.Hint{PID: t.pid, Pidfile: t.pidfile, Port: t.port, Socket: t.socket})
	if err != nil {
		return probe.Target{}, &exit{exitUnknown, err}
	}
	target.HangAfter, target.Query = t.hangAfter, t.query
	return target, nil
}

// A watching is a running server under the probe's eyes, and nothing else: no load, no harm.
type watching struct {
	rec    *history.Recorder
	target probe.Target
	probe  *probe.Probe
	cancel context.CancelFunc
	hands  sync.WaitGroup
	sinks  []func([]history.Record) error
	failed error // the first sink's
	began  time.Time
	used   time.Duration
}

const (
	watchTick = 100 * time.Millisecond
	// stuckFor is after how long without a look of the probe time goes on all the same. Short it must not be: where Go puts a timer off, it still wakes up at the old time.
	stuckFor = time.Second
)

// startWatching begins to watch; each sink gets all records in order, on one goroutine.
func startWatching(ctx context.Context, target probe.Target, sinks ...func([]history.Record) error) (*watching, error) {
	w := &watching{rec: history.NewRecorder(time.Now()), target: target, sinks: sinks, began: time.Now(), used: cpuTime()}
	host, _ := os.Hostname()
	w.rec.Record(history.Header{Format: history.Format, Tool: version(), Scenario: "watch", Host: host, Kernel: kernelRelease(), Cores: runtime.NumCPU(), Started: w.began})
	w.rec.Record(history.VariantStarted{Name: "watch", Expect: "any", Of: 1})
	w.rec.Record(history.ServerStarted{Server: "attach", PID: target.Arbiter, Address: target.Address, HangAfter: target.HangAfter})
	w.rec.Record(history.PhaseStarted{Phase: history.Before})
	ctx, w.cancel = context.WithCancel(ctx)
	var err error
	if w.probe, err = probe.Watch(ctx, target, w.rec); err != nil {
		w.cancel()
		return nil, &exit{exitUnknown, err}
	}
	w.hands.Go(func() { w.tick(ctx, w.probe.Ticked()) })
	return w, nil
}

// tick records the passing of time and hands on what was recorded, right after each look of the probe: each time that a process wakes up costs more than what it does then.
func (w *watching) tick(ctx context.Context, looked <-chan struct{}) {
	due := time.Now()
	timer := time.NewTimer(stuckFor)
	defer timer.Stop()
	var spare []history.Record
	for {
		select {
		case <-looked:
		case <-timer.C:
		case <-ctx.Done():
			return
		}
		now := time.Now()
		late := max(now.Sub(due), 0)
		w.rec.Record(history.Tick{Late: late})
		spare = w.drain(spare)
		due = now.Add(watchTick) // from here: counted on from the last one, an early look would hide as much of the next delay
		timer.Reset(stuckFor)
	}
}

func (w *watching) drain(spare []history.Record) []history.Record {
	records := w.rec.Drain(spare)
	if len(records) == 0 {
		return records
	}
	for _, sink := range w.sinks {
		if err := sink(records); err != nil && w.failed == nil {
			w.failed = err
		}
	}
	return records
}

// stop ends it: the last records go to the sinks before it returns.
func (w *watching) stop(by string) error {
	w.probe.Close()
	w.cancel()
	w.hands.Wait()
	if by != "" {
		w.rec.Record(history.Tick{})
	}
	w.rec.Record(history.VariantEnded{Name: "watch"})
	w.rec.Record(history.RunEnded{})
	w.drain(nil)
	return w.failed
}

// cost is the share of one processor that hangtime has used since it began to watch.
func (w *watching) cost() float64 {
	return float64(cpuTime()-w.used) / float64(max(time.Since(w.began), 1))
}

func cpuTime() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func kernelRelease() string {
	text, err := os.ReadFile("/proc/sys/kernel/osrelease")
	if err != nil {
		return "unknown"
	}
	return strings.TrimSpace(string(text))
}

// describe says in a few words what is watched.
func describe(t probe.Target) string {
	text := "process " + strconv.Itoa(t.Arbiter)
	if name := probe.Command(t.Arbiter); name != "" {
		text += " (" + name + ")"
	}
	if t.Address != "" {
		text += " at " + t.Address
	}
	return text
}

// watched says what is looked at and what of it may not be read, one line each.
func (w *watching) watched() report.Watched {
	of := report.Watched{Tool: version(), Server: report.Server{PID: w.target.Arbiter, Command: probe.Command(w.target.Arbiter), Address: w.target.Address}, Began: w.began}
	pid := w.target.Arbiter
	if workers := w.probe.Workers(); len(workers) > 0 {
		pid = workers[0].PID
	}
	for _, a := range probe.Abilities(pid) {
		if a.OK {
			continue
		}
		text := fmt.Sprintf("not seen: %s (%s); %s", a.Name, a.Why, a.Enable)
		of.Unseen = append(of.Unseen, text)
		if a.Vital {
			of.Blind = text
		}
	}
	return of
}
