package run

import (
	"context"
	"time"

	"github.com/hangtime-dev/hangtime/history"
)

const (
	drainEvery = 50 * time.Millisecond
	tickEvery  = 100 * time.Millisecond
)

// drain hands what was recorded to sink every 50 ms until ctx ends, and once more then. A sink that fails is told to failed once, and the drain goes on: the
// other sinks must not miss the end because of a full disk.
func drain(ctx context.Context, rec *history.Recorder, sinks []func([]history.Record) error, failed func(error)) {
	ticker := time.NewTicker(drainEvery)
	defer ticker.Stop()
	var spare []history.Record
	broken := make([]bool, len(sinks))
	once := func() {
		records := rec.Drain(spare)
		for i, sink := range sinks {
			if broken[i] || len(records) == 0 {
				continue
			}
			if err := sink(records); err != nil {
				broken[i] = true
				failed(err)
			}
		}
		spare = records
	}
	for {
		select {
		case <-ticker.C:
			once()
		case <-ctx.Done():
			once()
			once() // what a sink's failure recorded
			return
		}
	}
}

// tick records the passing of time until ctx ends, with how late each tick came: hangtime's own stalls.
func tick(ctx context.Context, rec *history.Recorder) {
	due := time.Now()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		late := max(time.Since(due), 0)
		rec.Record(history.Tick{Late: late})
		// After a stall the schedule starts afresh: a burst of ticks would hide it.
		due = due.Add((late/tickEvery + 1) * tickEvery)
		timer.Reset(time.Until(due))
	}
}
