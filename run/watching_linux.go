package run

import (
	"context"
	"fmt"
	"strconv"
	"syscall"
	"time"

	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/probe"
	"github.com/hangtime-dev/hangtime/probe/discovery"
	"github.com/hangtime-dev/hangtime/probe/doctor"
	"github.com/hangtime-dev/hangtime/scenarios"
)

// A Watching is a session in which a running server is watched, and nothing else: no load, no harm.
type Watching struct {
	session *session
	target  discovery.Target
	probe   *probe.Probe
	used    time.Duration // processor time of hangtime when it began
}

// watchName is what a watching is called, as scenario and as variant.
const watchName = "watch"

// Watch begins to watch. When it returns, the sinks have what the first look found, and the rest comes to them on one
// goroutine. tool is hangtime's version. It goes on until ctx ends or End is called; End must be called in any case.
func Watch(ctx context.Context, target discovery.Target, tool string, sinks ...Sink) (*Watching, error) {
	w := &Watching{session: newSession(sinks), target: target, used: processorTime()}
	header, err := w.session.header(tool, watchName, "", 0)
	if err != nil {
		return nil, err
	}
	w.session.rec.Record(header)
	w.session.rec.Record(history.VariantStarted{Name: watchName, Expect: "any", Of: 1})
	w.session.rec.Record(history.ServerStarted{Server: scenarios.Attach, PID: target.Arbiter, Address: target.Address,
		HangAfter: target.HangAfter})
	w.session.rec.Record(history.PhaseStarted{Phase: history.Before})
	if w.probe, err = probe.Watch(ctx, target, w.session.rec); err != nil {
		return nil, err
	}
	w.session.drain()
	w.session.keep(w.probe.Ticked())
	return w, nil
}

// End ends it: the last records are with the sinks when it returns.
func (w *Watching) End() error {
	w.probe.Close()
	w.session.stopTicking()
	w.session.ticking.Wait()
	w.session.rec.Record(history.Tick{}) // what is told at the end is told as of now
	w.session.rec.Record(history.VariantEnded{Name: watchName})
	return w.session.finish()
}

// lookFor is how long a look takes: a little more than the second that a loop may stand still before it is hung.
const lookFor = 1250 * time.Millisecond

const (
	// lookMost is how long it may take: a thread of a pool may be busy for 5 s.
	lookMost = 7 * time.Second
	// lookLongest is how long it may take on a machine so busy that less than lookTicks ticks came in that time, of 70: each
	// tells as much as ever, so that fewer in the same time tell less.
	lookLongest = 20 * time.Second
	lookTicks   = 20
	// lookLeast is how many ticks it takes in any case, as long as that is within lookMost: 12 come in lookFor, where hangtime
	// is not late.
	lookLeast = 10
)

// Look waits until a look at the server is long enough: about 1.2 s, up to 7 s while undecided says that a longer one
// would tell more, and up to 20 s where hangtime itself gets too little of the processors to look. It asks ten times a
// second.
func (w *Watching) Look(ctx context.Context, undecided func() bool) error {
	for next := w.session.began.Add(lookFor); ; next = next.Add(tickEvery) {
		if err := until(ctx, next); err != nil {
			return err
		}
		took, ticks := time.Since(w.session.began), w.probe.Ticks()
		if ticks < lookLeast && took < lookMost {
			continue
		}
		if !undecided() || took >= lookLongest || took >= lookMost && ticks >= lookTicks {
			return nil
		}
	}
}

// Began is when it began, on the wall clock: the zero of the records' times.
func (w *Watching) Began() time.Time { return w.session.began }

// Workers are those that live now, by place.
func (w *Watching) Workers() []probe.Worker { return w.probe.Workers() }

// Describe says in a few words what is watched.
func (w *Watching) Describe() string { return Describe(w.target) }

// Describe says in a few words what a server is.
func Describe(t discovery.Target) string {
	text := "process " + strconv.Itoa(t.Arbiter)
	if name := discovery.Command(t.Arbiter); name != "" {
		text += " (" + name + ")"
	}
	if t.Address != "" {
		text += " at " + t.Address
	}
	return text
}

// Unseen says what of the server may not be read, and what would allow it, a line each. blind is the one of them
// without which a hang may not be seen; empty: none is.
func (w *Watching) Unseen() (lines []string, blind string) {
	pid := w.target.Arbiter
	if workers := w.Workers(); len(workers) > 0 {
		pid = workers[0].PID
	}
	for _, a := range doctor.Abilities(pid) {
		if a.OK {
			continue
		}
		line := fmt.Sprintf("not seen: %s (%s); %s", a.Name, a.Why, a.Enable)
		lines = append(lines, line)
		if a.Vital {
			blind = line
		}
	}
	return lines, blind
}

// Cost is the share of one processor that hangtime has used since it began.
func (w *Watching) Cost() float64 {
	return float64(processorTime()-w.used) / float64(max(time.Since(w.session.began), 1))
}

// processorTime is what this process has used of processors, in the kernel and outside.
func processorTime() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
