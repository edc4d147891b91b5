package main

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hangtime-dev/hangtime/history"
)

// How late a look was decides what is discarded: one that came early, right after a stall, must hide nothing of the next, and one that does not come at all is late too.
func TestWatchSeesItsOwnStalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var late []time.Duration
		w := &watching{rec: history.NewRecorder(time.Now()), sinks: []func([]history.Record) error{func(records []history.Record) error {
			for _, r := range records {
				if tick, ok := r.Event.(history.Tick); ok {
					late = append(late, tick.Late/time.Millisecond)
				}
			}
			return nil
		}}}
		ctx, cancel := context.WithCancel(t.Context())
		looked := make(chan struct{}, 1)
		var hands sync.WaitGroup
		hands.Go(func() { w.tick(ctx, looked) })
		synctest.Wait()
		began := time.Now()
		for _, at := range []time.Duration{0, 200, 201, 300, 700, 800} {
			time.Sleep(time.Until(began.Add(at * time.Millisecond)))
			looked <- struct{}{}
			synctest.Wait()
		}
		time.Sleep(stuckFor)
		synctest.Wait()
		cancel()
		hands.Wait()
		if diff := cmp.Diff([]time.Duration{0, 100, 0, 0, 300, 0, 900}, late); diff != "" {
			t.Errorf("ms late, -want +got:\n%s", diff)
		}
	})
}
