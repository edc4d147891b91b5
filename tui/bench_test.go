package tui

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/hangtime-dev/hangtime/diagnose"
	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/report"
)

// benchFor is how long a screen is measured.
const benchFor = 15 * time.Second

// A counter is a terminal that counts what it is sent.
type counter struct{ bytes, writes atomic.Int64 }

func (c *counter) Write(p []byte) (int, error) {
	c.bytes.Add(int64(len(p)))
	c.writes.Add(1)
	return len(p), nil
}

// A counted model counts how often it is drawn.
type counted struct {
	*model
	drawn int
}

func (c *counted) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	_, cmd := c.model.Update(msg)
	return c, cmd
}

func (c *counted) View() tea.View {
	c.drawn++
	return c.model.View()
}

// A loop has the next report of a recorded run each time that it is asked, again from the beginning at its end.
type loop struct {
	reports []*report.Report
	next    int
}

func (l *loop) Report() *report.Report {
	r := l.reports[l.next%len(l.reports)]
	l.next++
	return r
}

// recorded are the reports of the first variant of log-contention, ten a second as a run makes them: load, a hang of
// every worker, deaths, recovery. Where more workers are wanted than were recorded, they are copies of these.
func recorded(b *testing.B, workers int) []*report.Report {
	b.Helper()
	in, err := history.OpenRecording("testdata/" + contention + history.Extension)
	if err != nil {
		b.Fatal(err)
	}
	defer in.Close()
	builder := report.NewBuilder()
	var all []*report.Report
	for {
		rec, err := in.Next()
		if err != nil {
			b.Fatal(err)
		}
		if _, over := rec.Event.(history.VariantEnded); over {
			return all
		}
		builder.Add(rec)
		if _, tick := rec.Event.(history.Tick); !tick {
			continue
		}
		r := builder.Report()
		if v := r.Current(); v != nil && len(v.Workers) > 0 {
			v.Workers = multiplied(v.Workers, workers)
			all = append(all, r)
		}
	}
}

func multiplied(workers []diagnose.Worker, n int) []diagnose.Worker {
	all := make([]diagnose.Worker, 0, n)
	for i := range n {
		w := workers[i%len(workers)]
		w.Place, w.PID = i+1, w.PID+1000*(i/len(workers))
		all = append(all, w)
	}
	return all
}

// BenchmarkScreen is a whole screen of 200x60 at ten reports a second, as people have it: share of a core, bytes a
// second to the terminal.
func BenchmarkScreen(b *testing.B) {
	for _, workers := range []int{16, 64} {
		b.Run(fmt.Sprint(workers, "-workers"), func(b *testing.B) {
			reports := recorded(b, workers)
			m, err := newModel(&loop{reports: reports}, Controls{}, Options{Theme: "dark"})
			if err != nil {
				b.Fatal(err)
			}
			out, screen := &counter{}, &counted{model: m}
			debug.FreeOSMemory() // or what is given back of the recording's reading is counted, too
			before := processorTime(b)
			ctx, cancel := context.WithTimeout(b.Context(), benchFor)
			defer cancel()
			program := newProgram(screen, out, tea.WithContext(ctx), tea.WithoutSignalHandler(), tea.WithInput(nil),
				tea.WithWindowSize(200, 60),
				tea.WithEnvironment([]string{"TERM=xterm-256color", "COLORTERM=truecolor"}), tea.WithFPS(fps))
			began := time.Now()
			if _, err := program.Run(); err != nil && !errors.Is(err, tea.ErrProgramKilled) {
				b.Fatal(err)
			}
			took := time.Since(began).Seconds()
			b.ReportMetric((processorTime(b)-before).Seconds()/took*100, "%core")
			b.ReportMetric(float64(out.bytes.Load())/took, "B/s")
			b.ReportMetric(float64(screen.drawn)/took, "frames/s")
		})
	}
}

// BenchmarkFrame is how long one frame of 200x60 takes to be made, before the terminal library compares it with the
// last one.
func BenchmarkFrame(b *testing.B) {
	for _, workers := range []int{16, 64} {
		b.Run(fmt.Sprint(workers, "-workers"), func(b *testing.B) {
			m := modelOf(nil, 200, 60)
			source := &loop{reports: recorded(b, workers)}
			b.ReportAllocs()
			took := make([]time.Duration, 0, 4000)
			for range cap(took) {
				m.report = source.Report()
				began := time.Now()
				_ = m.frame()
				took = append(took, time.Since(began))
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2].Microseconds()), "µs-p50")
			b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "µs-p99")
		})
	}
}

// BenchmarkHour is the memory of folds and screen over an hour of records, made as fast as it can be.
func BenchmarkHour(b *testing.B) {
	m := modelOf(nil, 200, 60)
	builder := report.NewBuilder()
	var after10 uint64
	hour(time.Hour, builder.Add, func(at time.Duration) {
		m.report = builder.Report()
		_ = m.frame()
		switch at {
		case 10 * time.Minute:
			after10 = heap()
		case time.Hour:
			b.ReportMetric(float64(after10)/(1<<20), "MiB-10min")
			b.ReportMetric(float64(heap())/(1<<20), "MiB-60min")
		}
	})
	runtime.KeepAlive(m)
}

// hour gives the records of a run of 16 workers, and calls draw ten times a minute.
func hour(length time.Duration, add func(history.Record), draw func(time.Duration)) {
	seq := uint64(0)
	say := func(at time.Duration, e history.Event) { seq++; add(history.Record{Seq: seq, At: at, Event: e}) }
	const workers = 16
	say(0, history.VariantStarted{Name: "only", Expect: "any", Of: 1, Planned: length})
	say(0, history.PhaseStarted{Phase: history.Before, Planned: length})
	for i := range workers {
		say(0, history.WorkerSeen{PID: 1000 + i, Worker: i + 1, Start: 1, Name: "worker"})
	}
	ok, answered := uint64(0), uint64(0)
	for at := 100 * time.Millisecond; at <= length; at += 100 * time.Millisecond {
		ok += 100
		say(at, history.LoadWindow{From: at - 100*time.Millisecond, To: at, Due: 100, Sent: 100, Ended: 100})
		say(at, history.HitWindow{Due: at - 100*time.Millisecond, Width: 100 * time.Millisecond, OK: 100})
		for i := range workers {
			answered += 500
			say(at, history.WorkerSample{PID: 1000 + i, Worker: i + 1, State: "S", Moved: true, Answered: answered,
				Usage: history.Usage{Threads: 4, RSS: 20 << 20}})
		}
		if at%(10*time.Second) == 0 {
			say(at, history.ServerSaid{Event: "worker-signalled", Worker: 1, PID: 1000,
				Fields: map[string]string{"signal": "SIGUSR1"}})
		}
		say(at, history.Tick{})
		if at%(6*time.Second) == 0 {
			draw(at)
		}
	}
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func processorTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// The memory of a screen does not grow with the time that is watched: what a report holds is bounded, and the screen
// holds one report.
func TestMemoryIsBounded(t *testing.T) {
	m := modelOf(nil, 120, 35)
	builder := report.NewBuilder()
	var early uint64
	hour(12*time.Minute, builder.Add, func(at time.Duration) {
		m.report = builder.Report()
		_ = m.frame()
		switch at {
		case 4 * time.Minute:
			early = heap()
		case 12 * time.Minute:
			if late := heap(); late > early+early/4+2<<20 {
				t.Errorf("%d KiB after 12 minutes, %d KiB after 4", late>>10, early>>10)
			}
		}
	})
	runtime.KeepAlive(m)
}
