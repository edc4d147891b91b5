package hit

import (
	"time"

	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/loadgen/hosts"
	"github.com/hangtime-dev/hangtime/loadgen/request"
	"github.com/hangtime-dev/hangtime/loadgen/schedule"
)

// A Job is what an engine is given: what to hit, when, and where to leave what became of it. An engine reads it, and
// writes to Meter and Sink alone.
type Job struct {
	Rec     *history.Recorder // for its clock
	Table   *schedule.Timetable
	Targets []request.Target
	Seed    uint64
	Senders int
	Users   int           // of a closed loop; 0: hits are due by the timetable
	Think   time.Duration // of a user, between an answer and the next hit
	Socket  string        // unix socket to connect to; empty: the targets' addresses
	Hosts   hosts.Known   // that may be connected to
	Bodies  bool          // keep the bodies of 202 answers, for the ledger

	Begin time.Duration // of the attack, on the run's clock
	Total time.Duration // hits are due from Begin to Begin+Total
	Meter Meter
	Sink  *Sink
}

// ClosedLoop says whether hits are due when users are ready, not by a timetable.
func (j *Job) ClosedLoop() bool { return j.Users > 0 }

// Now is the time on the run's clock.
func (j *Job) Now() time.Duration { return j.Rec.Now() }

// End is when hits are due no more, on the run's clock.
func (j *Job) End() time.Duration { return j.Begin + j.Total }

// DueAt is when hit n is due, on the run's clock.
func (j *Job) DueAt(n uint64) time.Duration {
	due := j.Table.Due(n)
	if due == schedule.Never {
		return schedule.Never
	}
	return j.Begin + due
}

// TargetOf is the one that hit n goes to.
func (j *Job) TargetOf(n uint64) uint32 { return j.Table.Target(n) }

// DueBy counts the hits that are due by a moment of the run's clock; 0 in a closed loop, where only what is sent was
// due.
func (j *Job) DueBy(now time.Duration) uint64 { return j.Table.DueBy(min(now-j.Begin, j.Total-1)) }

// Close ends the schedule and returns how many hits were due.
func (j *Job) Close(now time.Duration) uint64 { return j.Table.Close(min(now-j.Begin, j.Total-1)) }
