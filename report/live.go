package report

import (
	"io"
	"sync/atomic"

	"github.com/hangtime-dev/hangtime/history"
)

// A Live folds records as they come and makes a report at each tick of the run, ten a second whatever the load. Live
// and replayed runs go through it alike, and a console that it feeds prints the same lines for both: what is shown
// depends on the records alone, never on how they were batched.
type Live struct {
	Show  func(*Report)           // nil: nobody wants each of them
	Abort func(key, check string) // nil: nobody ends the run for a check

	builder *Builder
	camera  *camera
	latest  atomic.Pointer[Report]
	ended   bool // the history came to its own end
}

// NewLive returns one that has seen nothing. show is Show.
func NewLive(show func(*Report)) *Live {
	return &Live{builder: NewBuilder(), camera: newCamera(), Show: show}
}

// Sink is called by one goroutine only: the run's drain loop, or the reader of a recording.
func (l *Live) Sink(records []history.Record) error {
	for _, r := range records {
		l.builder.Add(r)
		switch r.Event.(type) {
		case history.RunEnded:
			l.ended = true
			l.tell()
		case history.Tick:
			l.tell()
			if key, check := l.builder.Abort(); l.Abort != nil && key != "" {
				l.Abort(key, check)
			}
		}
	}
	return nil
}

func (l *Live) tell() {
	now := l.builder.Report()
	l.camera.see(now)
	if now.Over {
		now.Film = l.camera.developed()
	}
	l.latest.Store(now)
	if l.Show != nil {
		l.Show(now)
	}
}

// end says why no more records will come although the history has not come to its end.
func (l *Live) end(why string) {
	l.builder.End(why)
	l.tell()
}

// Last is made anew of all that came: the final one, once the run is over. It is for the goroutine that calls Sink, or
// after it.
func (l *Live) Last() *Report {
	r := l.builder.Report()
	r.Film = l.camera.developed()
	return r
}

// Report is the latest one; nil before the first.
func (l *Live) Report() *Report { return l.latest.Load() }

// OpenMetrics writes the latest report in that form; before the first there is nothing in it.
func (l *Live) OpenMetrics(out io.Writer) error {
	if r := l.Report(); r != nil {
		return r.OpenMetrics(out)
	}
	_, err := io.WriteString(out, "# EOF\n")
	return err
}
