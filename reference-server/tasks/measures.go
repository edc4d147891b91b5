package tasks

import (
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/hangtime-dev/hangtime/reference-server/board"
)

// Measures are figures since the worker started.
type Measures struct {
	Accepted, Refused                             atomic.Uint64
	Done, Failed, TimedOut, Retried, DeadLettered atomic.Uint64
	Restarts, Slow                                atomic.Uint64
	Lag                                           atomic.Int64 // of the last callback, nanoseconds
	MaxLag                                        atomic.Int64

	LagSeconds  prometheus.Histogram
	TaskSeconds prometheus.Histogram

	active atomic.Int64 // tasks that run
}

func newMeasures() *Measures {
	return &Measures{
		LagSeconds: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "hangtime_loop_lag_seconds",
			Help:    "How long callbacks waited for the event loop.",
			Buckets: []float64{.0001, .001, .01, .1, 1, 10, 60}}),
		TaskSeconds: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "hangtime_task_duration_seconds",
			Help:    "How long tasks ran, from started to ended.",
			Buckets: []float64{.001, .005, .02, .1, .5, 1, 5, 30, 300}}),
	}
}

func (m *Measures) lag(late time.Duration) {
	m.Lag.Store(int64(late))
	if int64(late) > m.MaxLag.Load() {
		m.MaxLag.Store(int64(late))
	}
	m.LagSeconds.Observe(late.Seconds())
}

func (m *Measures) ended(state board.State, took time.Duration) {
	switch state {
	case board.Done:
		m.Done.Add(1)
	case board.TimedOut:
		m.TimedOut.Add(1)
	case board.Accepted:
		m.Retried.Add(1)
	case board.DeadLettered:
		m.DeadLettered.Add(1)
	default:
		m.Failed.Add(1)
	}
	m.TaskSeconds.Observe(took.Seconds())
}
