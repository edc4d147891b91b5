package loadgen

import (
	"context"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/loadgen/hit"
	"github.com/hangtime-dev/hangtime/loadgen/ledger"
	"github.com/hangtime-dev/hangtime/loadgen/schedule"
	"github.com/hangtime-dev/hangtime/scenarios"
)

// How long an attack waits, after its last hit was due, for what is on its way.
const (
	hitsDrain  = 10 * time.Second // or twice the longest time limit of a hit and a second, where that is shorter
	tasksDrain = 10 * time.Second // or the plan's time limit, where that is shorter
)

// Options of an attack that are a person's, not the plan's.
type Options struct {
	Seed      uint64        // of random moments and templates
	Allow     []string      // hosts other than this machine that may be loaded
	Unlimited bool          // no ceilings on rate and senders
	Engine    string        // "fast" or "net/http"; empty: the fast one where it can
	Raw       io.Writer     // gets each hit in vegeta's result encoding; nil: nobody wants them
	Resolver  *net.Resolver // nil: the system's
}

// An Attack is one plan against one server. It is run once.
type Attack struct {
	job    *hit.Job
	sum    *sum
	engine engine
	name   string // of the engine
	reason string // why it is not the fast one
	ledger *ledger.Ledger
	raw    *rawWriter

	mu    sync.Mutex
	began bool
}

// New prepares an attack on the server at baseURL; files that the plan names are read, and nothing is sent yet.
func New(plan scenarios.Load, baseURL string, rec *history.Recorder, options Options) (*Attack, error) {
	base, err := scenarios.ParseURL(baseURL)
	if err != nil {
		return nil, fmt.Errorf("the server's address %w", err)
	}
	if plan.Timeout <= 0 {
		return nil, fmt.Errorf("timeout %v: want above 0", plan.Timeout)
	}
	if plan.Shape == "closed" {
		plan.Senders = plan.Users
	}
	if plan.Senders <= 0 {
		return nil, fmt.Errorf("%d senders: want at least 1", plan.Senders)
	}
	w, err := prepare(plan, base, options.Seed)
	if err != nil {
		return nil, err
	}
	known, err := permitted(w, plan, options.Allow, options.Unlimited, options.Resolver)
	if err != nil {
		return nil, err
	}
	a := &Attack{sum: newSum(plan.Senders), job: &hit.Job{
		Rec: rec, Table: schedule.NewTimetable(w.schedule, w.rotation), Targets: w.targets, Seed: options.Seed,
		Senders: plan.Senders, Socket: plan.UnixSocket, Hosts: known, Sink: hit.NewSink(),
	}}
	if plan.Shape == "closed" {
		a.job.Users, a.job.Think = plan.Users, plan.Think
	}
	if plan.Ledger == nil || *plan.Ledger {
		server := ledger.Server{URL: baseURL, Socket: plan.UnixSocket, Hosts: known}
		a.ledger = ledger.New(server, min(tasksDrain, plan.Timeout), rec)
		a.job.Bodies = true
	}
	if options.Raw != nil {
		a.raw = newRawWriter(options.Raw, a.job)
	}
	a.engine, a.name, a.reason, err = choose(a.job, options.Engine)
	if err != nil {
		return nil, err
	}
	return a, nil
}

// Engine is which engine was chosen and, where it is not the fast one, why.
func (a *Attack) Engine() (name, reason string) { return a.name, a.reason }

// URL is that of the first target.
func (a *Attack) URL() string { return a.job.Targets[0].URL }

// Pattern says in words when hits are due: "200/s constant".
func (a *Attack) Pattern() string { return a.job.Table.String() }

// Length is when the last hit is due where the plan has an end of its own, as a replay has; 0 where it has none.
func (a *Attack) Length() time.Duration { return a.job.Table.Length() }

// Summary is the attack so far; any goroutine may ask at any time.
func (a *Attack) Summary() Summary {
	out := a.sum.snapshot()
	if a.ledger != nil {
		out.Tasks = a.ledger.Snapshot(a.job.Now())
	}
	return out
}

// SetRate continues at another rate from now on, in hits a second; 0 pauses. A closed loop has no rate, and goes on as
// it is.
func (a *Attack) SetRate(perSecond float64) {
	if a.job.ClosedLoop() {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	now := time.Duration(0)
	if a.began {
		now = a.job.Now() - a.job.Begin
	}
	a.job.Table.Change(now, schedule.Constant(perSecond))
	a.engine.Wake()
	a.job.Rec.Record(history.RateChanged{Rate: max(perSecond, 0)})
}

// Run sends for the given time, then waits for hits and tasks to end, within limits, and records what became of all.
// When ctx ends it stops at once, records what is known and returns the cause.
func (a *Attack) Run(ctx context.Context, total time.Duration) error {
	j := a.job
	a.mu.Lock()
	j.Total = total
	j.Begin = j.Now()
	a.began = true
	a.mu.Unlock()
	j.Rec.Record(history.LoadStarted{
		Engine: a.name, Reason: a.reason, URL: a.URL(), Pattern: j.Table.String(), Senders: j.Senders,
		Connections: j.Senders,
	})

	var books, tasks sync.WaitGroup
	hitsEnded, tasksOver := make(chan struct{}), make(chan struct{})
	account := a.account()
	books.Go(func() { account.run(hitsEnded) })
	following, stopFollowing := context.WithCancel(ctx)
	defer stopFollowing()
	if a.ledger != nil {
		tasks.Go(func() { a.ledger.Follow(following, tasksOver) })
	}
	// A hit may be sent as late as its time limit after it was due, and then has that limit.
	limit := total + min(hitsDrain, 2*a.longest()+time.Second)
	sending, stop := context.WithTimeout(ctx, limit)
	err := a.engine.Run(sending)
	stop()
	close(hitsEnded)
	books.Wait()
	if a.ledger != nil {
		close(tasksOver)
		tasks.Wait()
	}
	if err != nil {
		return err
	}
	if err := a.raw.close(); err != nil {
		return fmt.Errorf("write the raw results: %w", err)
	}
	return context.Cause(ctx)
}

// account begins the books of the attack.
func (a *Attack) account() *account {
	made := newAccount(a.job, a.engine, a.sum, a.raw)
	if a.ledger != nil {
		made.accept = a.ledger.Accept
	}
	return made
}

// longest is the longest time limit of a hit, from sent.
func (a *Attack) longest() time.Duration {
	most := time.Duration(0)
	for i := range a.job.Targets {
		most = max(most, a.job.Targets[i].Timeout)
	}
	return most
}
