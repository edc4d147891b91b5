package run

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hangtime-dev/hangtime/history"
)

func TestTicksComeEvery100Milliseconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rec := history.NewRecorder(time.Now())
		ctx, cancel := context.WithTimeout(t.Context(), time.Second+50*time.Millisecond)
		defer cancel()
		tick(ctx, rec)
		var at []time.Duration
		for _, r := range rec.Drain(nil) {
			at = append(at, r.At)
			if late := r.Event.(history.Tick).Late; late != 0 {
				t.Errorf("a tick of an idle run is %v late", late)
			}
		}
		if len(at) != 11 || at[0] != 0 || at[10] != time.Second {
			t.Errorf("ticks at %v, want 11 from 0 to 1 s", at)
		}
	})
}

// A drain hands everything to every sink in order, and what a sink's failure records reaches the others before the end.
func TestTheDrainGoesOnWithoutABrokenSink(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rec := history.NewRecorder(time.Now())
		full := errors.New("disk full")
		var got []uint64
		sinks := []func([]history.Record) error{
			func([]history.Record) error { return full },
			func(records []history.Record) error {
				for _, r := range records {
					got = append(got, r.Seq)
				}
				return nil
			},
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		failures := 0
		go func() {
			defer close(done)
			drain(ctx, rec, sinks, func(err error) {
				failures++
				rec.Record(history.Trouble{Component: "run", Text: err.Error()})
			})
		}()
		for range 3 {
			rec.Record(history.Tick{})
			time.Sleep(60 * time.Millisecond)
		}
		rec.Record(history.RunEnded{})
		cancel()
		<-done
		if failures != 1 {
			t.Errorf("told of the broken sink %d times, want once", failures)
		}
		want := []uint64{1, 2, 3, 4, 5}
		if len(got) != len(want) {
			t.Fatalf("the sound sink got %v, want %v: three ticks, the trouble, the end", got, want)
		}
		for i := range want {
			if got[i] != want[i] {
				t.Errorf("the sound sink got %v, want %v", got, want)
			}
		}
	})
}
