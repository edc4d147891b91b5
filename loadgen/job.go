package loadgen

import (
	"net"
	"time"

	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/loadgen/schedule"
	"github.com/hangtime-dev/hangtime/scenarios"
)

// job is what engine and account share.
type job struct {
	rec      *history.Recorder
	table    *schedule.Timetable
	targets  []target
	seed     uint64
	senders  int
	users    int           // of a closed loop; 0: hits are due by the timetable
	think    time.Duration // of a user, between an answer and the next hit
	longest  time.Duration // time limit of a hit, from sent: the longest of all targets
	socket   string        // unix socket to connect to; empty: the targets' addresses
	resolver *net.Resolver // nil: the system's
	bodies   bool          // keep the bodies of 202 answers, for the ledger

	begin time.Duration // of the attack, on the run's clock
	total time.Duration // hits are due from begin to begin+total
	meter meter
	sink  *sink
	sum   *sum
	// processors are how many the engine can use at once.
	processors int
	measure    func()
	accept     func(body []byte, at time.Duration)
}

func newJob(plan scenarios.Load, w *work, rec *history.Recorder, options Options) *job {
	j := &job{
		rec: rec, table: schedule.NewTimetable(w.schedule, w.rotation), targets: w.targets, seed: options.Seed,
		senders: plan.Senders, socket: plan.UnixSocket, resolver: options.Resolver, sink: newSink(), sum: newSum(plan.Senders), processors: 1,
	}
	for i := range j.targets {
		j.longest = max(j.longest, j.targets[i].timeout)
	}
	if plan.Shape == "closed" {
		j.users, j.think = plan.Users, plan.Think
	}
	return j
}

// closedLoop says whether hits are due when users are ready, not by a timetable.
func (j *job) closedLoop() bool { return j.users > 0 }

// now is the time on the run's clock.
func (j *job) now() time.Duration { return j.rec.Now() }

// end is when hits are due no more, on the run's clock.
func (j *job) end() time.Duration { return j.begin + j.total }

// dueAt is when hit n is due, on the run's clock.
func (j *job) dueAt(n uint64) time.Duration {
	due := j.table.Due(n)
	if due == schedule.Never {
		return schedule.Never
	}
	return j.begin + due
}

// targetOf is the one that hit n goes to.
func (j *job) targetOf(n uint64) uint32 { return j.table.Target(n) }

// dueBy counts the hits that are due by a moment of the run's clock; 0 in a closed loop, where only what is sent was due.
func (j *job) dueBy(now time.Duration) uint64 { return j.table.DueBy(min(now-j.begin, j.total-1)) }

// close ends the schedule and returns how many hits were due.
func (j *job) close(now time.Duration) uint64 { return j.table.Close(min(now-j.begin, j.total-1)) }

// seen is told of every outcome, by the account.
func (j *job) seen(o *outcome) {
	if o.status == 202 && o.note != nil && o.note.body != nil && j.accept != nil {
		j.accept(o.note.body, o.end)
	}
}
