package report

import (
	"time"

	"github.com/hangtime-dev/hangtime/diagnose"
	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/metrics"
	"github.com/hangtime-dev/hangtime/scenarios"
	"github.com/hangtime-dev/hangtime/verdict"
)

// A Report is all that can be said of a history up to Now. It never changes once made: any goroutine may read it.
type Report struct {
	Header      history.Header
	Title       string // of the scenario
	Watch       string // what to look at
	Now         time.Duration
	Variants    []Variant     // in the order in which they ran; the last one is current
	Planned     int           // how many there will be
	Interrupted string        // by what; empty: it was not
	Over        bool          // nothing more will come
	Lag         time.Duration // longest of our own ticks' delay
	Troubles    []string
	Verdict     verdict.Verdict // as it stands; final when Over
	Film        *Film           // the run moment by moment, of one that is over; nil: nobody watched it go
}

// Current is the variant that runs now, or the last one; nil before the first.
func (r *Report) Current() *Variant {
	if len(r.Variants) == 0 {
		return nil
	}
	return &r.Variants[len(r.Variants)-1]
}

// A LogLine is what a server wrote about itself: the line as it stands, or of the reference server its event and what
// belongs to it.
type LogLine struct {
	At     time.Duration // when hangtime read it
	Worker int           // the place that it is about; 0: none, or not known
	PID    int           // the process that it is about; 0: not known
	Text   string
}

// A Variant of the scenario, as it went.
type Variant struct {
	Name   string
	Expect string
	Says   string
	Plan   scenarios.Scenario // as this variant ran it; without a name where the recording has none that can be read
	Timeline
	Reason     string // why it was cut short; empty: it was not
	Server     history.ServerStarted
	Backlog    int // connections no worker has accepted
	BacklogMax int // the listener's limit
	Load       metrics.Load
	Workers    []diagnose.Worker // by place
	Incidents  []diagnose.Incident
	Notices    []diagnose.Notice // what harmed the server and is no hang of a worker
	Phases     []PhaseSpan
	Faults     []FaultSpan
	Story      []Line
	Log        []LogLine // the newest of what the server wrote about itself
	Verdict    verdict.Variant
}

// A Timeline is when a variant began and ended, and in which phase it is.
type Timeline struct {
	From      time.Duration // when it began
	To        time.Duration // when it ended; -1: it has not
	Planned   time.Duration // of its phases before, during and after
	Phase     string
	PhaseFrom time.Duration
	LoadFrom  time.Duration // when the phase before began; -1: not yet
}

// Elapsed is how far its phases are: 0 before the load begins, at most Planned.
func (v *Variant) Elapsed(now time.Duration) time.Duration {
	switch {
	case v.LoadFrom < 0:
		return 0
	case v.Phase == history.Ending:
		return v.Planned
	}
	return min(now-v.LoadFrom, v.Planned)
}

// OnlyWatched says whether a server that ran before is watched, and nothing is sent to it and nothing broken.
func (v *Variant) OnlyWatched() bool {
	return v.Server.Server == scenarios.Attach && v.Planned == 0 && v.Load.Engine == "" && len(v.Faults) == 0
}

// OnlyLoaded says whether a server that ran before is sent a load, and nothing is broken and nothing judged.
func (v *Variant) OnlyLoaded() bool {
	return v.Server.Server == scenarios.URL && v.Name == scenarios.AloneName && len(v.Plan.Faults)+len(v.Faults) == 0
}

// Experiment says whether something is done to a server and judged, as a scenario asks.
func (v *Variant) Experiment() bool { return !v.OnlyWatched() && !v.OnlyLoaded() }

// Hangs counts the workers that hang now.
func (v *Variant) Hangs() int {
	n := 0
	for _, w := range v.Workers {
		if w.State.IsHang() {
			n++
		}
	}
	return n
}

// A Line of the story: what happened when, in words.
type Line struct {
	At   time.Duration
	Kind LineKind
	Text string
	// key stays the same while the Text of a line about an incident grows, so that a console says it once.
	key string
	// number of a line without a key, from 1 on: the oldest may be gone, the others keep theirs.
	number int
}

// endOf is up to when a variant was seen: its own end, where it has one.
func (r *Report) endOf(v *Variant) time.Duration {
	if v.To >= 0 {
		return v.To
	}
	return r.Now
}

// LineKind says what a line of the story is about.
type LineKind string

// The kinds of lines.
const (
	LinePhase   LineKind = "phase"
	LineFault   LineKind = "fault"
	LineHealed  LineKind = "healed"
	LineSuspect LineKind = "suspect"
	LineHang    LineKind = "hang"
	LineOver    LineKind = "over" // a hang ended
	LineServer  LineKind = "server"
	LineDied    LineKind = "died"
	LineBorn    LineKind = "born"
	LineTrouble LineKind = "trouble"
)
