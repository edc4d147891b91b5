package worker

import (
	"bytes"
	"net/http"
	"os"
	"runtime"
	"runtime/pprof"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/expfmt"

	"github.com/hangtime-dev/hangtime/reference-server/web"
)

// metrics has the guide's JSON fields and what else there is to know; whoever accepts OpenMetrics or Prometheus's
// text gets that.
func (p *application) metrics(r *web.Request, a *web.Answer) {
	if p.cfg.Monitoring == "off" {
		a.Fail(404, "nothing is measured: the server runs with monitoring=off")
		return
	}
	if format, ok := exposition(string(r.Accept)); ok {
		p.expose(format, a)
		return
	}
	s := p.manager.State()
	stats := p.manager.Backend().Stats()
	jobs, poolThreads := p.manager.Executor()
	goroutines, threads, files := inside()
	m := p.manager.Measures
	// memory_usage_mb is the guide's name, kept for what reads its application; it carries MiB, as it does there.
	all := map[string]any{
		"memory_usage_mb": float64(p.memory.rss()>>10) / 1024, "cpu_percent": p.memory.cpuPercent(),
		"active_tasks": p.manager.Active(), "event_loop_running": s.Said,
		"pid": os.Getpid(), "worker": p.place, "requests": p.served.Load(), "connections": p.conns.Load(),
		"tasks_waiting": stats.Waiting, "tasks_in_flight": p.manager.InFlight(), "tasks_accepted": m.Accepted.Load(),
		"tasks_done": m.Done.Load(), "tasks_failed": m.Failed.Load(), "tasks_retried": m.Retried.Load(),
		"tasks_dead_lettered": m.DeadLettered.Load(),
		"tasks_timed_out":     m.TimedOut.Load(), "tasks_refused": m.Refused.Load(), "loop_restarts": m.Restarts.Load(),
		"slow_callbacks": m.Slow.Load(),
		"loop_lag_ms":    float64(m.Lag.Load()) / 1e6, "loop_lag_max_ms": float64(m.MaxLag.Load()) / 1e6,
		"loop_turns": p.page.Turns.Load(), "loop_callbacks_ready": s.Ready,
		"executor_jobs_waiting": jobs, "executor_threads": poolThreads, "log_lines_lost": p.log.Lost(),
		"goroutines": goroutines, "threads": threads, "open_files": files,
		"backend": p.manager.Backend().Guarantees(),
	}
	if q, at := p.board.Queue.Last(); at > 0 {
		all["queue"] = map[string]any{"depth": q.Depth, "in_flight": q.InFlight, "oldest_ms": float64(q.Oldest.Microseconds()) / 1000,
			"redelivered": q.Redelivered, "dead_lettered": q.DeadLettered, "done_twice": q.DoneTwice,
			"age_ms": float64(p.clock.Now()-at) / 1e6}
	}
	a.JSON(200, all)
}

// inside counts what a leak makes grow: goroutines, operating system threads that were ever made, and open descriptors.
func inside() (goroutines, threads, files int) {
	goroutines = runtime.NumGoroutine()
	threads = pprof.Lookup("threadcreate").Count()
	if entries, err := os.ReadDir("/proc/self/fd"); err == nil {
		files = len(entries) - 1 // without the one that reads them
	}
	return goroutines, threads, files
}

// exposition is the text format that an Accept header asks for; ok is false when it asks for none of them by name.
func exposition(accept string) (format expfmt.Format, ok bool) {
	if accept == "" {
		return "", false
	}
	format = expfmt.NegotiateAccept(http.Header{"Accept": {accept}}, expfmt.DefaultOpenMetricsAcceptedFormats()...)
	switch format.FormatType() {
	case expfmt.TypeOpenMetrics:
		return format, true
	case expfmt.TypeTextPlain:
		// It is also the answer to whoever takes anything: that one gets JSON.
		return format, bytes.Contains([]byte(accept), []byte("text/plain"))
	}
	return "", false
}

// expose writes every figure in the text format.
func (p *application) expose(format expfmt.Format, a *web.Answer) {
	registry := prometheus.NewRegistry()
	m := p.manager.Measures
	for _, c := range []prometheus.Collector{figures{p}, m.LagSeconds, m.TaskSeconds} {
		if err := registry.Register(c); err != nil {
			a.Fail(500, "collect metrics: "+err.Error())
			return
		}
	}
	families, err := registry.Gather()
	if err != nil {
		a.Fail(500, "collect metrics: "+err.Error())
		return
	}
	var text bytes.Buffer
	encoder := expfmt.NewEncoder(&text, format)
	for _, family := range families {
		if err := encoder.Encode(family); err != nil {
			a.Fail(500, "write metrics: "+err.Error())
			return
		}
	}
	if closer, ok := encoder.(expfmt.Closer); ok {
		if err := closer.Close(); err != nil {
			a.Fail(500, "write metrics: "+err.Error())
			return
		}
	}
	a.ContentType = string(format)
	a.Body = append(a.Body, text.Bytes()...)
}

// figures are a worker's counters and gauges as prometheus collects them.
type figures struct{ app *application }

// Describe says nothing: what there is depends on nothing, but a collector that describes nothing is checked less,
// and the registry lives for one answer.
func (f figures) Describe(chan<- *prometheus.Desc) {}

// Collect reads every figure once.
func (f figures) Collect(to chan<- prometheus.Metric) {
	p := f.app
	m, s, stats := p.manager.Measures, p.manager.State(), p.manager.Backend().Stats()
	jobs, poolThreads := p.manager.Executor()
	goroutines, threads, files := inside()
	labels := prometheus.Labels{"worker": strconv.Itoa(p.place), "pid": strconv.Itoa(os.Getpid())}
	send := func(kind prometheus.ValueType, name, help string, value float64) {
		to <- prometheus.MustNewConstMetric(prometheus.NewDesc("hangtime_"+name, help, nil, labels), kind, value)
	}
	counter := func(name, help string, value uint64) { send(prometheus.CounterValue, name, help, float64(value)) }
	gauge := func(name, help string, value float64) { send(prometheus.GaugeValue, name, help, value) }
	counter("requests_total", "Requests answered.", uint64(p.served.Load()))
	counter("tasks_accepted_total", "Tasks accepted.", m.Accepted.Load())
	counter("tasks_done_total", "Tasks that ended well.", m.Done.Load())
	counter("tasks_failed_total", "Tasks that failed.", m.Failed.Load())
	counter("tasks_retried_total", "Tries of tasks that failed, with another to follow.", m.Retried.Load())
	counter("tasks_dead_lettered_total", "Tasks put aside after as many tries as they may have.", m.DeadLettered.Load())
	counter("tasks_timed_out_total", "Tasks that ran longer than task-timeout.", m.TimedOut.Load())
	counter("tasks_refused_total", "Tasks refused because as many as may wait waited.", m.Refused.Load())
	counter("loop_restarts_total", "Times that the event loop was started again.", m.Restarts.Load())
	counter("loop_slow_callbacks_total", "Callbacks that took longer than 100 ms.", m.Slow.Load())
	counter("loop_turns_total", "Turns of the event loop.", p.page.Turns.Load())
	counter("log_lines_lost_total", "Log lines dropped because the disk did not keep up.", p.log.Lost())
	gauge("memory_bytes", "Resident memory.", float64(p.memory.rss()))
	gauge("connections", "Open client connections.", float64(p.conns.Load()))
	gauge("tasks_active", "Tasks that run.", float64(p.manager.Active()))
	gauge("tasks_in_flight", "Tasks that were accepted and have not ended.", float64(p.manager.InFlight()))
	gauge("tasks_waiting", "Tasks that no loop has taken yet.", float64(stats.Waiting))
	gauge("executor_jobs_waiting", "Jobs that no executor thread has taken yet.", float64(jobs))
	gauge("executor_threads", "Threads of the executor.", float64(poolThreads))
	gauge("goroutines", "Goroutines.", float64(goroutines))
	gauge("threads_created", "Operating system threads ever made.", float64(threads))
	gauge("open_files", "Open descriptors.", float64(files))
	if q, at := p.board.Queue.Last(); at > 0 {
		gauge("queue_depth", "Tasks that wait in the engine, delayed ones too.", float64(q.Depth))
		gauge("queue_in_flight", "Tasks of the engine that workers hold.", float64(q.InFlight))
		gauge("queue_oldest_seconds", "Age of the oldest task in the engine.", q.Oldest.Seconds())
		counter("queue_redelivered_total", "Times that a task was given out again.", q.Redelivered)
		counter("queue_dead_lettered_total", "Tasks of the whole server that were put aside.", q.DeadLettered)
		counter("queue_done_twice_total", "Times that a task was done that had been done before.", q.DoneTwice)
	}
	running := 0.0
	if s.Runs {
		running = 1
	}
	gauge("loop_running", "1 while the event loop runs.", running)
}
