package loadgen

import (
	"context"
	"fmt"
	"net/url"
	"sync"
	"time"

	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/scenarios"
)

// How long an attack waits, after its last hit was due, for what is on its way.
const (
	hitsDrain  = 10 * time.Second // or the hits' own time limit, where that is shorter
	tasksDrain = 10 * time.Second
)

// An Attack is one plan against one server. It is run once.
type Attack struct {
	job    *job
	engine engine
	name   string // of the engine
	reason string // why it is not the fast one
	ledger *ledger
}

// An engine sends the hits of a job. run returns when all have ended, or at once when ctx ends: those in flight are then unanswered, those not sent dropped.
// Every hit that is due before the job's end has become exactly one outcome when it returns.
type engine interface {
	run(ctx context.Context)
	// measure brings the job's meter up to date.
	measure()
}

// job is what engine and account share.
type job struct {
	rec      *history.Recorder
	table    *timetable
	targets  []target
	rotation []uint16
	senders  int
	timeout  time.Duration // of a hit, from sent
	bodies   bool          // keep the bodies of 202 answers, for the ledger

	begin   time.Duration // of the attack, on the run's clock
	total   time.Duration // hits are due from begin to begin+total
	meter   meter
	sink    *sink
	measure func()
	accept  func(body []byte, at time.Duration)
}

// now is the time on the run's clock.
func (j *job) now() time.Duration { return j.rec.Now() }

// dueAt is when hit n is due, on the run's clock.
func (j *job) dueAt(n uint64) time.Duration {
	due := j.table.Due(n)
	if due == never {
		return never
	}
	return j.begin + due
}

// dueBy counts the hits that are due by a moment of the run's clock.
func (j *job) dueBy(now time.Duration) uint64 { return j.table.dueBy(min(now-j.begin, j.total-1)) }

// close ends the schedule and returns how many hits were due.
func (j *job) close(now time.Duration) uint64 { return j.table.close(min(now-j.begin, j.total-1)) }

// seen is told of every outcome, by the account.
func (j *job) seen(o *outcome) {
	if o.status == 202 && o.note != nil && o.note.body != nil && j.accept != nil {
		j.accept(o.note.body, o.end)
	}
}

// New prepares an attack on the server at baseURL; nothing is sent yet.
func New(plan scenarios.Load, baseURL string, rec *history.Recorder) (*Attack, error) {
	base, err := url.Parse(baseURL)
	if err != nil {
		return nil, fmt.Errorf("the server's address %q: %w", baseURL, err)
	}
	if base.Host == "" || base.Scheme != "http" && base.Scheme != "https" {
		return nil, fmt.Errorf("the server's address %q: want http://HOST:PORT", baseURL)
	}
	targets, err := newTargets(plan.Targets, base)
	if err != nil {
		return nil, err
	}
	if plan.Rate <= 0 || plan.Senders <= 0 || plan.Timeout <= 0 {
		return nil, fmt.Errorf("rate %v, senders %d, timeout %v: want each above 0", plan.Rate, plan.Senders, plan.Timeout)
	}
	j := &job{
		rec: rec, table: newTimetable(scheduleOf(plan)), targets: targets, rotation: rotation(plan.Targets),
		senders: plan.Senders, timeout: plan.Timeout, sink: newSink(),
	}
	a := &Attack{job: j}
	if plan.Ledger == nil || *plan.Ledger {
		a.ledger = newLedger(baseURL, rec)
		j.bodies, j.accept = true, a.ledger.accept
	}
	a.engine, a.name, a.reason = newStandardEngine(j), "net/http", "the fast engine is not built yet"
	j.measure = a.engine.measure
	return a, nil
}

func scheduleOf(plan scenarios.Load) Schedule { return constant{float64(plan.Rate)} }

// SetRate continues at another rate from now on, in hits a second; 0 pauses.
func (a *Attack) SetRate(perSecond float64) {
	a.job.table.change(a.job.now()-a.job.begin, paced(perSecond))
	a.job.rec.Record(history.RateChanged{Rate: max(perSecond, 0)})
}

// Run sends for the given time, then waits for hits and tasks to end, within limits, and records what became of all. When ctx ends it stops at once,
// records what is known and returns the cause.
func (a *Attack) Run(ctx context.Context, total time.Duration) error {
	j := a.job
	j.total = total
	j.begin = j.now()
	j.rec.Record(history.LoadStarted{Engine: a.name, Reason: a.reason, URL: a.job.targets[0].url, Pattern: j.table.String(), Senders: j.senders, Connections: j.senders})

	var books, tasks sync.WaitGroup
	hitsEnded, tasksOver := make(chan struct{}), make(chan struct{})
	account := newAccount(j)
	books.Go(func() { account.run(hitsEnded) })
	following, stopFollowing := context.WithCancel(ctx)
	defer stopFollowing()
	if a.ledger != nil {
		tasks.Go(func() { a.ledger.follow(following, tasksOver) })
	}
	limit := total + min(hitsDrain, j.timeout)
	sending, stop := context.WithTimeout(ctx, limit)
	a.engine.run(sending)
	stop()
	close(hitsEnded)
	books.Wait()
	if a.ledger != nil {
		close(tasksOver)
		tasks.Wait()
	}
	return context.Cause(ctx)
}
