package tui

import (
	"fmt"
	"slices"
	"time"

	"github.com/hangtime-dev/hangtime/diagnose"
	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/metrics"
	"github.com/hangtime-dev/hangtime/report"
	"github.com/hangtime-dev/hangtime/verdict"
)

// hangReport is a run of log-contention in which all n workers have hung for a while.
func hangReport(n int) *report.Report {
	const now = 14 * second
	hung := diagnose.Cause{
		Kind: diagnose.CauseFileLock, Confidence: diagnose.Proven, Short: "flock async_tasks.log ← pid 11274",
		Sentence: "blocked in flock on /tmp/hangtime-3141/shared/async_tasks.log, held by pid 11274 (hangtime hold-lock)",
		Remedy:   "give each worker its own log (practice 1, process-specific resources)",
		Path:     "/tmp/hangtime-3141/shared/async_tasks.log", Inode: 10013058,
		Holders: []history.LockHolder{{PID: 11274, Command: "hangtime hold-lock", Creator: true}},
	}
	v := report.Variant{
		Name: "shared", Expect: "hang", Says: "all workers write one async_tasks.log and lock it for each line",
		Timeline: report.Timeline{From: 0, To: -1, Planned: 21 * second, Phase: history.During, PhaseFrom: 6 * second,
			LoadFrom: second},
		Backlog: 808, BacklogMax: 2048,
		Server: history.ServerStarted{Server: "reference", PID: 10817, Address: "127.0.0.1:40123", Timeout: 4 * second},
		Load:   hangLoad(now),
		Faults: []report.FaultSpan{{ID: "shared/1", Kind: "hold-lock", Target: "async_tasks.log", From: 8 * second, To: -1}},
		Story: []report.Line{
			{At: 40 * time.Millisecond, Kind: report.LinePhase, Text: "the server boots"},
			{At: 810 * time.Millisecond, Kind: report.LineServer,
				Text: "server accepts on 127.0.0.1:40123 (arbiter pid 10817)"},
			{At: second, Kind: report.LinePhase, Text: "load begins; nothing is broken yet"},
			{At: 8 * second, Kind: report.LineFault, Text: "hold-lock on async_tasks.log by pid 11274, for 8s"},
			{At: 8214 * time.Millisecond, Kind: report.LineSuspect, Text: "worker 1 (pid 10818): work present, no progress"},
			{At: 9020 * time.Millisecond, Kind: report.LineHang,
				Text: fmt.Sprintf("HANG #1 %d workers: %s", n, hung.Sentence)},
			{At: 9020 * time.Millisecond, Kind: report.LineHang, Text: "#1 the guide: " + hung.Remedy},
		},
	}
	incident := diagnose.Incident{
		ID: 1, Kind: diagnose.KindHang, Cause: hung, Fault: "shared/1", Injected: 8 * second,
		Symptom: 8214 * time.Millisecond, Began: 8010 * time.Millisecond,
		Detected: 9020 * time.Millisecond, Ended: -1, Recovered: -1,
	}
	for i := range n {
		pid := 10818 + i
		cause := hung
		w := diagnose.Worker{
			Identity:  diagnose.Identity{Place: i + 1, PID: pid, Lives: 1},
			Condition: diagnose.Condition{State: diagnose.Hung, Since: 8010 * time.Millisecond, Cause: &cause},
			Load:      diagnose.Load{Inside: 1, Oldest: 5990 * time.Millisecond, OpenTasks: 2},
			Resources: diagnose.Resources{RSS: 31 << 20},
			Snapshot: diagnose.Snapshot{
				Beat: 5800 * time.Millisecond,
				Threads: []history.ThreadSample{
					{PID: pid, TID: pid, Name: "hangtime", State: "S", Idle: true, Still: 5990 * time.Millisecond,
						Syscall: "futex"},
					{PID: pid, TID: pid + 1000, Name: "event-loop", State: "S", Still: 5990 * time.Millisecond,
						Syscall: "flock", Args: "9 → /tmp/hangtime-3141/shared/async_tasks.log, LOCK_EX",
						Stack: []string{"locks_lock_inode_wait", "__do_sys_flock", "do_syscall_64"}, Twice: true},
				},
				Waits: []history.LockWait{{PID: pid, TID: pid + 1000, Lock: "flock", FD: 9, Path: hung.Path,
					Device: "fe:00", Inode: hung.Inode, Still: 5990 * time.Millisecond, Holders: hung.Holders}},
			},
		}
		for j := range 56 {
			switch {
			case j < 3:
				w.Lane = append(w.Lane, diagnose.Booting)
			case j >= 36:
				w.Lane = append(w.Lane, diagnose.Hung)
			case j >= 33:
				w.Lane = append(w.Lane, diagnose.Suspect)
			case (j+i)%3 == 0:
				w.Lane = append(w.Lane, diagnose.Idle)
			default:
				w.Lane = append(w.Lane, diagnose.Busy)
			}
		}
		v.Workers = append(v.Workers, w)
		incident.Victims = append(incident.Victims, diagnose.Victim{Place: i + 1, PID: pid, From: w.Since, To: -1})
	}
	v.Incidents = []diagnose.Incident{incident}
	return &report.Report{
		Header: history.Header{Scenario: "log-contention", Seed: 7, Host: "here", Kernel: "6.18", Cores: 2},
		Title:  "four workers, one log file, one lock",
		Now:    now, Variants: []report.Variant{v}, Planned: 2,
	}
}

func hangLoad(now time.Duration) metrics.Load {
	l := metrics.Load{
		Counts:  metrics.Counts{Due: 2600, Sent: 2600, OK: 1402},
		Current: metrics.Current{Offered: 200, Achieved: 0, InFlight: 812, Oldest: 5990 * time.Millisecond, Connections: 812},
		Tasks:   history.Ledger{Accepted: 1402, Done: 1394, Open: 8},
		Series:  metrics.Series{Start: second, Step: 100 * time.Millisecond},
	}
	for at := second; at < now; at += 100 * time.Millisecond {
		p := metrics.Point{Due: 20}
		if at < 8*second {
			p.OK, p.P50, p.P99, p.Max = 20, 4100*time.Microsecond, 11*time.Millisecond, 19*time.Millisecond
			p.Bands[4], p.Bands[5], p.Bands[6], p.Bands[7] = 12, 6, 2, 0
			if int(at/(100*time.Millisecond))%9 == 0 {
				p.Bands[7] = 1
			}
		}
		l.Series.Points = append(l.Series.Points, p)
	}
	return l
}

// overReport is the same run when both variants are over.
func overReport() *report.Report {
	r := hangReport(4)
	r.Now, r.Over = 44*second, true
	first := &r.Variants[0]
	first.To, first.Phase = 22*second, history.Ending
	first.Faults[0].To = 16 * second
	in := &first.Incidents[0]
	in.Ended, in.Recovered = 16050*time.Millisecond, 16400*time.Millisecond
	for i := range in.Victims {
		in.Victims[i].To, in.Victims[i].End = 16*second, "recovered"
	}
	for i := range first.Workers {
		first.Workers[i].State, first.Workers[i].Cause = diagnose.Idle, nil
	}
	figures := func(p99 string) []verdict.Figure {
		return []verdict.Figure{{Name: "p50", Title: "response time p50", Text: "4.1 ms", Known: true},
			{Name: "p99", Title: "response time p99", Text: p99, Known: true},
			{Name: "max", Title: "response time max", Text: p99, Known: true}}
	}
	first.Verdict = verdict.Variant{Name: "shared", Expect: "hang", Outcome: verdict.Pass, Figures: figures("7.90 s"),
		Checks: []verdict.Check{
			{Name: "behaved as expected", Want: "a hang by file-lock", Got: "1 hang, file-lock, 4 workers",
				Outcome: verdict.Pass},
			{Name: "longest_stall >= 1000", Want: "the workers really stood still", Got: "longest_stall = 7.99 s",
				Outcome: verdict.Pass},
		}}
	good := *first
	good.Name, good.Expect, good.From, good.To = "per-pid", "healthy", 22*second, 44*second
	good.Incidents, good.Story = nil, slices.Clone(first.Story[:4])
	good.Verdict = verdict.Variant{Name: "per-pid", Expect: "healthy", Outcome: verdict.Pass, Figures: figures("11 ms"),
		Checks: []verdict.Check{
			{Name: "behaved as expected", Want: "no hang", Got: "none", Outcome: verdict.Pass},
		}}
	r.Variants = append(r.Variants, good)
	r.Verdict = verdict.Verdict{Outcome: verdict.Pass, Sentence: "the cure holds: shared hangs, per-pid stays healthy",
		Variants: []verdict.Variant{first.Verdict, good.Verdict}}
	return r
}
