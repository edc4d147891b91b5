package verdict

import (
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/hangtime-dev/hangtime/diagnose"
	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/metrics"
	"github.com/hangtime-dev/hangtime/scenarios"
)

// figuresOf computes every figure of scenarios.Figures: the one place where they are computed. docs/metrics.md defines them.
func figuresOf(f *Fold, l metrics.Load, incidents []diagnose.Incident) []Figure {
	values := measures(f, l, incidents)
	all := make([]Figure, 0, len(values))
	for _, def := range scenarios.Figures() {
		n := values[def.Name]
		if math.IsNaN(n.value) || math.IsInf(n.value, 0) {
			n = number{}
		}
		all = append(all, Figure{Name: def.Name, Title: def.Title, Unit: def.Unit, Value: n.value, Known: n.known,
			AtLeast: n.atLeast, Text: textOf(n, def.Unit)})
	}
	return all
}

// measures are the figures' values by name; what could not be measured is not known, or is not among them.
func measures(f *Fold, l metrics.Load, incidents []diagnose.Incident) map[string]number {
	values := map[string]number{}
	loadFigures(values, l)
	incidentFigures(values, f, incidents)
	recoveryFigures(values, recoveries(l, incidents, f.last))
	taskFigures(values, l.Tasks)
	queueFigures(values, l)
	logFigures(values, f, l.Tasks)
	v := f.memory
	values["memory_growth"] = number{value: float64(v.growth()), known: v.known()}
	values["leaked"] = knownIf(count(f.leaked), f.stopped)
	return values
}

func loadFigures(v map[string]number, l metrics.Load) {
	v["requests"] = count(l.Due)
	v["ok"] = count(l.OK)
	v["failed"] = count(l.Failed)
	v["unanswered"] = count(l.Errors[history.ErrUnanswered])
	v["dropped"] = count(max(l.Dropped, l.Errors[history.ErrDropped]))
	v["late"] = count(l.Late)
	v["error_share"] = share(l.Failed, l.OK+l.Failed)
	v["achieved"] = share(l.OK, l.Due)
	if l.All.Count > 0 {
		v["mean"] = millis(l.TookSum / time.Duration(l.All.Count))
	}
	v["p50"] = quantile(50, l.All.P50, l.All.Count)
	v["p90"] = quantile(90, l.All.P90, l.All.Count)
	v["p95"] = quantile(95, l.All.P95, l.All.Count)
	v["p99"] = quantile(99, l.All.P99, l.All.Count)
	v["p999"] = quantile(99.9, l.All.P999, l.All.Count)
	v["max"] = knownIf(millis(l.All.Max), l.All.Count > 0)
	for _, phase := range []string{history.Before, history.During, history.After} {
		q := l.Phases[phase]
		v["p99_"+phase] = quantile(99, q.P99, q.Count)
	}
}

func incidentFigures(v map[string]number, f *Fold, incidents []diagnose.Incident) {
	var hangs, crashes int
	hung := map[int]bool{} // places
	var stall, detection time.Duration
	for _, in := range incidents {
		if in.Kind != diagnose.KindHang {
			crashes++
			continue
		}
		hangs++
		for _, victim := range in.Victims {
			hung[victim.Place] = true
		}
		stall = max(stall, in.Longest(f.last))
		since := in.Began
		if in.Injected >= 0 {
			since = in.Injected
		}
		detection = max(detection, in.Detected-since)
	}
	v["incidents"], v["hangs"], v["crashes"] = count(len(incidents)), count(hangs), count(crashes)
	v["hung_workers"] = count(len(hung))
	v["longest_stall"] = millis(stall)
	v["detection"] = knownIf(millis(detection), hangs > 0)
	v["deaths"], v["missing"] = count(f.pool.deaths), count(f.missing)
	v["replacement"] = knownIf(millis(max(f.pool.replaced, 0)), f.pool.replaced >= 0)
}

// recoveries are those of the load, and where a fault led to an incident at least until every place had a worker
// again that makes progress: a pool of which one worker stands still may answer as before, and has not recovered.
func recoveries(l metrics.Load, incidents []diagnose.Incident, last time.Duration) []metrics.Recovery {
	all := slices.Clone(l.Recoveries)
	for i := range all {
		r := &all[i]
		for _, in := range incidents {
			switch {
			case in.Fault != r.Fault:
			case in.Recovered >= 0:
				r.Took = max(r.Took, in.Recovered-r.Heal)
			default:
				r.Took, r.AtLeast = max(r.Took, last-r.Heal), true
			}
		}
	}
	return all
}

func recoveryFigures(v map[string]number, recoveries []metrics.Recovery) {
	n := number{}
	for _, r := range recoveries {
		n.known = true
		n.atLeast = n.atLeast || r.AtLeast
		n.value = max(n.value, millis(r.Took).value)
	}
	v["recovery"] = n
	if !n.known {
		return
	}
	// Of an even number the upper one: a median that is too short would be a promise. Those that were not seen to end
	// are the longest.
	all := slices.SortedFunc(slices.Values(recoveries), func(a, b metrics.Recovery) int {
		if a.AtLeast != b.AtLeast {
			return cmp.Compare(flag(a.AtLeast), flag(b.AtLeast))
		}
		return cmp.Compare(a.Took, b.Took)
	})
	middle := all[len(all)/2]
	v["recovery_p50"] = number{value: millis(middle.Took).value, known: true, atLeast: middle.AtLeast}
}

func flag(b bool) int {
	if b {
		return 1
	}
	return 0
}

// logFigures are about the reference server's own task logs, where they were read.
func logFigures(v map[string]number, f *Fold, t history.Ledger) {
	if f.log == nil {
		return
	}
	v["log_lines"], v["log_torn"] = count(f.log.Lines), count(f.log.Torn)
	v["tasks_duplicated"] = knownIf(count(f.log.Duplicated), f.log.Lines > 0)
	ended := t.Done + t.Failed + t.TimedOut - min(t.Unfollowed, t.Failed)
	v["log_missing"] = knownIf(count(ended-min(f.log.Ended, ended)), f.log.Lines > 0)
}

// measured is the number that a check asks for beside the figures.
func measured(m scenarios.Measure, seen Seen, incidents []diagnose.Incident) (n number, unit string) {
	switch m.Func {
	case scenarios.Percentile:
		s := seen.Slice(m.Phase, m.Tag)
		return quantile(m.Quantile, s.Percentile(m.Quantile), s.Count()), "ms"
	case scenarios.ErrorRate:
		s := seen.Slice(m.Phase, m.Tag)
		return share(s.Failed, s.OK+s.Failed), "share"
	case scenarios.Achieved:
		value, ok := seen.AchievedIn(m.Phase)
		return number{value: value, known: ok}, "share"
	case scenarios.IncidentOf:
		of := 0
		for _, in := range incidents {
			if in.Cause.Kind == m.Cause {
				of++
			}
		}
		return count(of), ""
	}
	return number{}, ""
}

func taskFigures(v map[string]number, t history.Ledger) {
	ok := t.Accepted > 0
	v["tasks_accepted"] = count(t.Accepted)
	v["tasks_done"] = knownIf(count(t.Done), ok)
	v["tasks_failed"] = knownIf(count(t.Failed+t.TimedOut), ok)
	v["tasks_dead_lettered"] = knownIf(count(t.DeadLettered), ok)
	v["tasks_lost"] = knownIf(count(t.Lost), ok)
	v["tasks_stuck"] = knownIf(count(t.Stuck), ok && t.Final)
}

// queueFigures are about the queue that all workers take their tasks from, where the server has one and says how it is.
func queueFigures(v map[string]number, l metrics.Load) {
	q, last := l.Queue, l.Tasks.Queue
	if last == nil {
		last = &history.TaskQueue{}
	}
	v["tasks_done_twice"] = knownIf(count(last.DoneTwice), q.Known)
	v["tasks_redelivered"] = number{}
	if n := last.Redelivered; n != nil {
		v["tasks_redelivered"] = knownIf(count(*n), q.Known)
	}
	v["queue_depth"] = knownIf(count(q.Deepest), q.Known)
	v["queue_oldest"] = knownIf(millis(q.Oldest), q.Known)
	emptied := millis(q.Emptied)
	emptied.atLeast = q.AtLeast
	v["queue_emptied"] = knownIf(emptied, q.Healed)
}

// Seen is what checks ask for beside the figures; *metrics.Fold is one.
type Seen interface {
	Slice(phase, tag string) metrics.Slice
	AchievedIn(phase string) (float64, bool)
	Broken() int // histograms of the history that could not be read
}
