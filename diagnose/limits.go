package diagnose

import "time"

// Limits say from when on a silence counts. docs/metrics.md says what each state means by them.
type Limits struct {
	// Suspect is how long work may be present without progress before a worker is suspected.
	Suspect time.Duration
	// Loop is how long a loop thread, or a worker's only request thread, may stand still before its worker is hung.
	Loop time.Duration
	// Pool is the same for one of several threads that share the work, and for silence that no thread explains.
	Pool time.Duration
	// Turn is for how long those that wait for what only one can have must have been watched before they are held to wait
	// in vain: it may go from one to the next.
	Turn time.Duration
	// Tasks is for how long accepted tasks may not end, where nothing else is wrong, before nobody is held to run them.
	Tasks time.Duration
	// HangAfter is the age from which on work counts as a hang although nobody is seen to wait behind it; before that
	// it is slow. 0: no age is too much.
	HangAfter time.Duration
	// Unanswered is the age from which on requests of which nobody sees what they wait for make the state of their
	// worker unknown.
	Unanswered time.Duration
	// Late is how late hangtime's own tick may be; a later one discards what was measured before it.
	Late time.Duration
	// Stale is how old the last look at a thread may be and still count.
	Stale time.Duration
	// Slack is what two times of different sources may differ: TCP_INFO counts in jiffies, the last run of a thread is
	// known to some milliseconds.
	Slack time.Duration
	// Boot is how long a process may live without a sign of work and still be called booting.
	Boot time.Duration
	// Young is how soon after its birth a process that dies, and has answered nothing, is held to have died of its boot.
	Young time.Duration
	// Settle is how long a worker without work must be well before it counts as recovered.
	Settle time.Duration
	// Recent is how long before a death or a hang a signal or a fault may lie and still be its reason.
	Recent time.Duration
	// Busy is the share of one processor from which on a worker counts as running all the time; Starved the share of
	// time for which it waits for one.
	Busy, Starved float64
	// Incidents bounds how many are kept; further ones are not told.
	Incidents int
}

// DefaultHangAfter is HangAfter where nobody says otherwise.
const DefaultHangAfter = 10 * time.Second

// lookWhole is how long after the first sample of a process the first look at its threads is over at the latest.
const lookWhole = 1200 * time.Millisecond

// DefaultLimits are those that a run uses.
func DefaultLimits() Limits {
	return Limits{
		Suspect: 200 * time.Millisecond, Loop: time.Second, Pool: 5 * time.Second,
		Turn: 2500 * time.Millisecond, Tasks: 30 * time.Second,
		HangAfter:  DefaultHangAfter,
		Unanswered: 5 * time.Second, Late: 100 * time.Millisecond,
		Stale: 700 * time.Millisecond, Slack: 60 * time.Millisecond, Boot: 2 * time.Second, Young: 5 * time.Second,
		Settle: time.Second,
		Recent: 2 * time.Second,
		Busy:   0.7, Starved: 0.5, Incidents: 500,
	}
}

// tickStep is how often the probe looks; what is told to have begun between two looks may be as old as that.
const tickStep = 100 * time.Millisecond

// closerLook is the age of a request from which on threads are looked at.
const closerLook = 150 * time.Millisecond
