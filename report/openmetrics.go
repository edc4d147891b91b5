package report

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"

	"github.com/hangtime-dev/hangtime/diagnose"
	"github.com/hangtime-dev/hangtime/metrics"
	"github.com/hangtime-dev/hangtime/verdict"
)

// OpenMetrics writes the report as https://openmetrics.io text: a snapshot while it runs, the whole in metrics.om.
// Seconds and bytes, counters from the beginning of each variant.
func (r *Report) OpenMetrics(out io.Writer) error {
	enc := expfmt.NewEncoder(out, expfmt.NewFormat(expfmt.TypeOpenMetrics))
	for _, f := range r.families() {
		if err := enc.Encode(f); err != nil {
			return fmt.Errorf("metric %s: %w", f.GetName(), err)
		}
	}
	if end, ok := enc.(expfmt.Closer); ok {
		return end.Close() // "# EOF": without it the text counts as cut off
	}
	return nil
}

// families are all metrics. docs/metrics.md lists them; a test holds the two together.
func (r *Report) families() []*dto.MetricFamily {
	m := families{r: r}
	m.run()
	for i := range r.Variants {
		v := &r.Variants[i]
		own := labels{"scenario", r.Header.Scenario, "variant", v.Name}
		m.load(v, own)
		m.workers(v, own)
		m.incidents(v, own)
		m.judged(v, own)
	}
	return m.all
}

// labels are names and values in turn.
type labels []string

func (l labels) and(more ...string) labels { return append(slices.Clone(l), more...) }

type families struct {
	r   *Report
	all []*dto.MetricFamily
}

// family finds or makes the family: the samples of one metric must stand together.
func (m *families) family(name, help string, kind dto.MetricType) *dto.MetricFamily {
	for _, f := range m.all {
		if f.GetName() == name {
			return f
		}
	}
	f := &dto.MetricFamily{Name: &name, Help: &help, Type: &kind}
	m.all = append(m.all, f)
	return f
}

func (m *families) add(f *dto.MetricFamily, own labels, metric *dto.Metric) {
	for i := 0; i < len(own); i += 2 {
		metric.Label = append(metric.Label, &dto.LabelPair{Name: &own[i], Value: &own[i+1]})
	}
	f.Metric = append(f.Metric, metric)
}

func (m *families) gauge(name, help string, own labels, value float64) {
	m.add(m.family(name, help, dto.MetricType_GAUGE), own, &dto.Metric{Gauge: &dto.Gauge{Value: &value}})
}

func (m *families) counter(name, help string, own labels, n uint64) {
	value := float64(n)
	m.add(m.family(name, help, dto.MetricType_COUNTER), own, &dto.Metric{Counter: &dto.Counter{Value: &value}})
}

func flag01(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

func (m *families) run() {
	h := m.r.Header
	m.gauge("hangtime_run_info", "The run: always 1, with what it is in its labels.",
		labels{"scenario", h.Scenario, "version", h.Tool, "seed", fmt.Sprint(h.Seed), "host", h.Host, "kernel", h.Kernel}, 1)
	m.gauge("hangtime_run_seconds", "Time since the run began.", labels{"scenario", h.Scenario}, m.r.Now.Seconds())
	m.gauge("hangtime_lag_seconds", "Longest delay of hangtime's own ticks: how far it can be trusted.",
		labels{"scenario", h.Scenario}, m.r.Lag.Seconds())
	for _, o := range []verdict.Outcome{verdict.Pass, verdict.Fail, verdict.Unknown} {
		m.gauge("hangtime_verdict", "1 for the outcome as it stands; final when the run is over.",
			labels{"scenario", h.Scenario, "outcome", string(o)}, flag01(m.r.Verdict.Outcome == o))
	}
}

func (m *families) load(v *Variant, own labels) {
	l := v.Load
	m.counter("hangtime_requests_due_total", "Hits that the schedule asked for.", own, l.Due)
	m.counter("hangtime_requests_total", "Hits that ended, by how.", own.and("result", "ok"), l.OK)
	for _, class := range slices.Sorted(maps.Keys(l.Errors)) {
		m.counter("hangtime_requests_total", "", own.and("result", class), l.Errors[class])
	}
	m.histogram(l, own)
	m.gauge("hangtime_offered_rate", "Hits due a second, over the last second.", own, l.Offered)
	m.gauge("hangtime_achieved_rate", "Hits answered ok a second, over the last second.", own, l.Achieved)
	m.gauge("hangtime_in_flight", "Hits sent and not answered, or due and waiting for a sender.", own,
		float64(l.InFlight+l.Waiting))
	m.gauge("hangtime_backlog", "Connections that no worker has accepted.", own, float64(v.Backlog))
	t := l.Tasks
	m.counter("hangtime_tasks_accepted_total", "Tasks that the server accepted.", own, t.Accepted)
	for _, end := range []struct {
		name string
		n    uint64
	}{{"done", t.Done}, {"failed", t.Failed}, {"timed_out", t.TimedOut}, {"dead_lettered", t.DeadLettered},
		{"lost", t.Lost}} {
		m.counter("hangtime_tasks_ended_total", "Tasks that ended, by how.", own.and("end", end.name), end.n)
	}
	m.gauge("hangtime_tasks_open", "Tasks that have not ended.", own, float64(t.Open))
	if q := t.Queue; q != nil {
		m.gauge("hangtime_queue_depth", "Tasks that wait in the server's queue.", own, float64(q.Depth))
		m.gauge("hangtime_queue_in_flight", "Tasks of the queue that workers hold.", own, float64(q.InFlight))
		m.gauge("hangtime_queue_oldest_seconds", "Age of the oldest task in the queue.", own, q.Oldest.Seconds())
		if q.Redelivered != nil {
			m.counter("hangtime_queue_redelivered_total", "Times that a task was given out again.", own, *q.Redelivered)
		}
		m.counter("hangtime_tasks_done_twice_total", "Times that a task was done that had been done before.", own,
			q.DoneTwice)
	}
}

// histogram is the response time from due, in the bands of the heat map.
func (m *families) histogram(l metrics.Load, own labels) {
	var sum uint64
	h := &dto.Histogram{}
	for i, n := range l.Bands {
		sum += n
		if i+1 < metrics.BandCount {
			limit, upTo := metrics.BandFloor(i+1).Seconds(), sum
			h.Bucket = append(h.Bucket, &dto.Bucket{UpperBound: &limit, CumulativeCount: &upTo})
		}
	}
	total := l.TookSum.Seconds()
	h.SampleCount, h.SampleSum = &sum, &total
	m.add(m.family("hangtime_response_seconds",
		"Response time from when a hit was due; a failed hit counts with the age at which it failed.",
		dto.MetricType_HISTOGRAM), own, &dto.Metric{Histogram: h})
	for _, q := range []struct {
		name string
		took time.Duration
	}{{"0.5", l.All.P50}, {"0.9", l.All.P90}, {"0.99", l.All.P99}, {"1", l.All.Max}} {
		if l.All.Count > 0 {
			m.gauge("hangtime_response_quantile_seconds",
				"Response time at some quantiles over the whole variant, exactly.", own.and("quantile", q.name),
				q.took.Seconds())
		}
	}
}

// states are all that a worker can be in.
func states() []diagnose.State {
	return []diagnose.State{diagnose.Booting, diagnose.Idle, diagnose.Busy, diagnose.Suspect, diagnose.Unknown,
		diagnose.Hung, diagnose.Stopped, diagnose.Dead}
}

func (m *families) workers(v *Variant, own labels) {
	over := v.To >= 0
	m.gauge("hangtime_workers_hanging", "Workers that have work and make no progress.", own, float64(v.Hangs()))
	for _, w := range v.Workers {
		worker := own.and("worker", fmt.Sprint(w.Place))
		for _, s := range states() {
			m.gauge("hangtime_worker_state", "1 for the state in which the worker is.", worker.and("state", string(s)),
				flag01(w.State == s))
		}
		m.gauge("hangtime_worker_inside", "Requests that the worker accepted and has not answered.", worker,
			float64(w.Inside))
		m.gauge("hangtime_worker_cpu_ratio", "Share of one processor over the last second.", worker, w.CPU)
		m.gauge("hangtime_worker_resident_bytes", "Resident memory.", worker, float64(w.RSS))
		stalled := 0.0
		if w.State.IsHang() && !over {
			stalled = (m.r.Now - w.Since).Seconds()
		}
		m.gauge("hangtime_worker_stalled_seconds",
			"Since when a hanging worker makes no progress; 0 for one that does.", worker, stalled)
	}
	for _, f := range v.Faults {
		m.gauge("hangtime_fault_in_effect", "1 while the fault is there.", own.and("fault", f.Kind, "id", f.ID),
			flag01(f.To < 0))
	}
}

func (m *families) incidents(v *Variant, own labels) {
	count := map[[2]string]uint64{}
	for _, in := range v.Incidents {
		count[[2]string{in.Kind, in.Cause.Kind}]++
	}
	keys := slices.SortedFunc(maps.Keys(count), func(a, b [2]string) int { return slices.Compare(a[:], b[:]) })
	for _, k := range keys {
		m.gauge("hangtime_incidents", "Incidents so far, by kind and cause.", own.and("kind", k[0], "cause", k[1]),
			float64(count[k]))
	}
}

func (m *families) judged(v *Variant, own labels) {
	for _, f := range v.Verdict.Figures {
		if f.Known {
			unit, value := baseUnit(f)
			m.gauge("hangtime_figure", "A figure of the verdict, as checks use it, in base units.",
				own.and("figure", f.Name, "unit", unit), value)
		}
	}
	for _, c := range v.Verdict.Checks {
		for _, o := range []verdict.Outcome{verdict.Pass, verdict.Fail, verdict.Unknown} {
			m.gauge("hangtime_check", "1 for the outcome of the check as it stands.",
				own.and("check", c.Name, "key", c.Key, "outcome", string(o)), flag01(c.Outcome == o))
		}
	}
}

// baseUnit is the figure as OpenMetrics wants it: seconds, not milliseconds.
func baseUnit(f verdict.Figure) (unit string, value float64) {
	switch f.Unit {
	case "ms":
		return "seconds", f.Value / 1000
	case "share":
		return "ratio", f.Value
	case "bytes":
		return "bytes", f.Value
	}
	return "count", f.Value
}
