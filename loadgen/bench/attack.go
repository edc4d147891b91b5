package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"runtime/pprof"
	"time"

	"golang.org/x/sys/unix"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/hangtime-dev/hangtime/hdr"
	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/loadgen"
	"github.com/hangtime-dev/hangtime/scenarios"
)

// attack is hangtime's generator as the measurements need it: all windows and histograms on, the history drained and
// thrown away.
func attack(args []string) error {
	flags := flag.NewFlagSet("attack", flag.ExitOnError)
	url := flags.String("url", "http://127.0.0.1:9310/", "")
	rate := flags.Float64("rate", 5000, "")
	users := flags.Int("users", 0, "closed loop")
	senders := flags.Int("senders", 64, "")
	total := flags.Duration("duration", 5*time.Second, "")
	profile := flags.String("profile", "", "")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *profile != "" {
		f, err := os.Create(*profile)
		if err != nil {
			return err
		}
		defer f.Close()
		if err := pprof.StartCPUProfile(f); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	rec := history.NewRecorder(time.Now())
	plan := scenarios.Load{Rate: scenarios.Rate(*rate), Shape: "constant", Senders: *senders, Timeout: 10 * time.Second,
		Targets: []scenarios.Target{{Path: "/"}}}
	if *users > 0 {
		plan.Shape, plan.Users = "closed", *users
	}
	a, err := loadgen.New(plan, *url, rec, loadgen.Options{})
	if err != nil {
		return err
	}
	done := make(chan error, 1)
	before := cpu()
	go func() { done <- a.Run(context.Background(), *total) }()
	tick := time.NewTicker(50 * time.Millisecond)
	var spare []history.Record
	sum := newSummary()
	for {
		select {
		case err := <-done:
			sum.add(rec.Drain(spare))
			used := cpu() - before
			fmt.Printf("%s\n", sum)
			fmt.Printf("cpu %.3f s, %.2f s a million, %.0f a second\n", used.Seconds(),
				used.Seconds()/float64(sum.ok)*1e6, float64(sum.ok)/total.Seconds())
			return err
		case <-tick.C:
			spare = rec.Drain(spare)
			sum.add(spare)
		}
	}
}

func cpu() time.Duration {
	var u unix.Rusage
	_ = unix.Getrusage(unix.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

type summary struct {
	ok, failed, late uint64
	lag              time.Duration
	errors           map[string]uint64
	response         *hdrhistogram.Histogram
}

func newSummary() *summary {
	return &summary{errors: map[string]uint64{}, response: hdr.Library()}
}

func (s *summary) add(all []history.Record) {
	for _, r := range all {
		switch ev := r.Event.(type) {
		case history.HitWindow:
			s.ok += ev.OK
			for c, n := range ev.Errors {
				s.failed += n
				s.errors[c] += n
			}
			for _, text := range []string{ev.Response, ev.Failed} {
				if text == "" {
					continue
				}
				if h, err := hdrhistogram.Decode([]byte(text)); err == nil {
					s.response.Merge(h)
				}
			}
		case history.LoadWindow:
			s.late += ev.Late
			s.lag = max(s.lag, ev.Lag)
		case history.LoadStarted:
			fmt.Println("engine", ev.Engine, ev.Reason, ev.Pattern)
		}
	}
}

func (s *summary) String() string {
	q := func(p float64) time.Duration { return time.Duration(s.response.ValueAtQuantile(p)) * time.Microsecond }
	return fmt.Sprintf("ok %d failed %d %v late %d lag %v p50 %v p90 %v p99 %v p99.9 %v max %v", s.ok, s.failed,
		s.errors, s.late, s.lag, q(50), q(90), q(99), q(99.9), q(100))
}
