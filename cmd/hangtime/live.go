package main

import (
	"sync/atomic"

	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/report"
)

// A liveReport folds records as they come and makes a report at each tick of the run, ten a second whatever the load. Live and replayed runs go through it alike,
// and a console that it feeds prints the same lines for both: what is shown depends on the records alone, never on how they were batched.
type liveReport struct {
	builder *report.Builder
	latest  atomic.Pointer[report.Report]
	show    func(*report.Report)    // nil: nobody wants each of them
	ended   bool                    // the history came to its own end
	abort   func(key, check string) // nil: nobody ends the run for a check
}

func newLiveReport(show func(*report.Report)) *liveReport {
	return &liveReport{builder: report.NewBuilder(), show: show}
}

// sink is called by one goroutine only: the run's drain loop, or the reader of a recording.
func (l *liveReport) sink(records []history.Record) error {
	for _, r := range records {
		l.builder.Add(r)
		switch r.Event.(type) {
		case history.RunEnded:
			l.ended = true
			l.tell()
		case history.Tick:
			l.tell()
			if key, check := l.builder.Abort(); l.abort != nil && key != "" {
				l.abort(key, check)
			}
		}
	}
	return nil
}

func (l *liveReport) tell() {
	now := l.builder.Report()
	l.latest.Store(now)
	if l.show != nil {
		l.show(now)
	}
}

// end says why no more records will come although the history has not come to its end.
func (l *liveReport) end(why string) {
	l.builder.End(why)
	l.tell()
}

// Report is the latest one; nil before the first.
func (l *liveReport) Report() *report.Report { return l.latest.Load() }
