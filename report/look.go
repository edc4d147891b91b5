package report

import (
	"time"

	"github.com/hangtime-dev/hangtime/diagnose"
	"github.com/hangtime-dev/hangtime/history"
)

// A LookBuilder makes looks from the history of a server that is only watched: no load, no harm, nothing to judge, so
// no Report. One goroutine owns it.
type LookBuilder struct {
	fold     *diagnose.Fold
	now      time.Duration
	backlog  *Backlog
	troubles []string
}

// NewLookBuilder returns a builder that has seen nothing.
func NewLookBuilder() *LookBuilder { return &LookBuilder{fold: diagnose.New(diagnose.DefaultLimits())} }

// Add takes the next record. That the watching ends is not taken: it is none of the server's doing, and would end
// every incident.
func (b *LookBuilder) Add(r history.Record) {
	switch ev := r.Event.(type) {
	case history.VariantEnded, history.RunEnded:
		return
	case history.Listener:
		b.backlog = &Backlog{ev.Backlog, ev.Limit}
	case history.Trouble:
		b.troubles = append(b.troubles, ev.Text)
	}
	b.now = r.At
	b.fold.Add(r)
}

// Sink takes the next records of a run under load but for the hits, which are the generator's to tell.
func (b *LookBuilder) Sink(records []history.Record) error {
	for _, r := range records {
		switch r.Event.(type) {
		case history.Hit, history.HitWindow:
		default:
			b.Add(r)
		}
	}
	return nil
}

// Now is when the newest record was made, on the watching's clock.
func (b *LookBuilder) Now() time.Duration { return b.now }

// Workers are all places of the server, by number.
func (b *LookBuilder) Workers() []diagnose.Worker { return b.fold.Workers() }

// Incidents are all so far, in the order in which they were found.
func (b *LookBuilder) Incidents() []diagnose.Incident { return b.fold.Incidents() }

// Backlog is the listening socket's; nil: it was not read.
func (b *LookBuilder) Backlog() *Backlog { return b.backlog }

// Troubles are what hangtime itself could not do or see.
func (b *LookBuilder) Troubles() []string { return b.troubles }

// A Watched says what is looked at, and how well.
type Watched struct {
	Tool   string    // version of hangtime
	Server Server    //
	Began  time.Time // the wall clock at the watching's zero
	Unseen []string  // what may not be read, and what would allow it
	Blind  string    // of these, what a hang cannot be seen without; empty: nothing such
	Young  bool      // it was started a moment ago: its first worker may still come
}

// Look is all that is known now.
func (b *LookBuilder) Look(of Watched) Look {
	out := Look{
		Version: LookVersion, Tool: of.Tool, Time: of.Began.Add(b.now), Server: of.Server, Healthy: true, Backlog: b.backlog,
		Workers: []Worker{}, Incidents: []Incident{}, Unseen: append(append([]string(nil), of.Unseen...), b.troubles...),
	}
	for _, w := range b.fold.Workers() {
		out.Workers = append(out.Workers, newWorker(w, b.now))
		out.Healthy = out.Healthy && !w.State.IsHang()
	}
	for i := range out.Workers {
		if one := &out.Workers[i]; one.Reason == "" {
			one.Reason = one.doubt()
		}
	}
	for _, in := range b.fold.Incidents() {
		out.Incidents = append(out.Incidents, NewIncident(in, b.now, of.Began))
	}
	for _, n := range b.fold.Notices() {
		out.Notices = append(out.Notices, newCause(n.Cause))
	}
	for _, one := range b.fold.Hidden() {
		text := "not seen: " + one.What
		if one.Allow != "" {
			text += " (" + one.Allow + ")"
		}
		out.Unseen = append(out.Unseen, text)
	}
	out.stands, out.young = b.fold.Unaccepted().Seconds(), of.Young
	out.Blind = out.Healthy && of.Blind != ""
	out.Unknown = out.Healthy && out.Unsure() > 0
	out.Healthy = out.Healthy && !out.Blind && !out.Unknown
	return out
}
