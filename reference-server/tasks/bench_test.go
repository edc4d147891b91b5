package tasks

import (
	"os"
	"testing"
	"time"

	"github.com/hangtime-dev/hangtime/reference-server/board"
	"github.com/hangtime-dev/hangtime/reference-server/heartbeat"
	"github.com/hangtime-dev/hangtime/reference-server/settings"
	"github.com/hangtime-dev/hangtime/reference-server/tasklog"
)

// newTestManager makes one that logs into a folder of the test's.
func newTestManager(t testing.TB, change func(*settings.Config)) *Manager {
	t.Helper()
	cfg := settings.Default()
	cfg.LogDir = t.TempDir()
	if change != nil {
		change(&cfg)
	}
	memory, err := heartbeat.Create()
	if err != nil {
		t.Fatal(err)
	}
	page, err := heartbeat.Map(memory)
	if err != nil {
		t.Fatal(err)
	}
	clock, err := heartbeat.NewClock()
	if err != nil {
		t.Fatal(err)
	}
	file, b, err := board.Create(1)
	if err != nil {
		t.Fatal(err)
	}
	log := tasklog.Off()
	if cfg.Monitoring == "on" {
		if log, err = tasklog.Open(cfg.Logging, cfg.LogDir, os.Getpid()); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() {
		if err := log.Close(); err != nil {
			t.Error(err)
		}
		_, _, _, _ = memory.Close(), page.Unmap(), file.Close(), b.Unmap()
	})
	m, err := NewManager(Parts{Config: cfg, Board: b, Page: page, Clock: clock, Log: log, RSS: func() uint64 {
		return 0
	}, Owner: board.Owner{Number: 1, PID: os.Getpid(), Place: 1}})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// Tasks that take no time, from accepted to done, through one event loop; with the three log lines of each, and without.
func BenchmarkTasks(b *testing.B) {
	for _, monitoring := range []string{"on", "off"} {
		b.Run("monitoring-"+monitoring, func(b *testing.B) {
			m := newTestManager(b, func(c *settings.Config) { c.Monitoring, c.TaskQueue = monitoring, 1000 })
			if err := m.Start(false); err != nil {
				b.Fatal(err)
			}
			began := time.Now()
			for range b.N {
				for {
					full := false
					m.Submit(Spec{Work: "sleep"}, func(_ uint64, err error) { full = err != nil })
					if !full {
						break
					}
					time.Sleep(50 * time.Microsecond) // it is full
				}
			}
			for m.InFlight() > 0 {
				time.Sleep(50 * time.Microsecond)
			}
			b.ReportMetric(float64(b.N)/time.Since(began).Seconds(), "tasks/s")
			if err := m.Shutdown(b.Context()); err != nil {
				b.Fatal(err)
			}
		})
	}
}
