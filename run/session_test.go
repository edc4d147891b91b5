package run

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hangtime-dev/hangtime/history"
)

func TestTicksComeEvery100Milliseconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSession(nil)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second+50*time.Millisecond)
		defer cancel()
		s.tick(ctx, nil, func() {})
		var at []time.Duration
		for _, r := range s.rec.Drain(nil) {
			at = append(at, r.At)
			if late := r.Event.(history.Tick).Late; late != 0 {
				t.Errorf("a tick of an idle run is %v late", late)
			}
		}
		if len(at) != 10 || at[0] != tickEvery || at[9] != time.Second {
			t.Errorf("ticks at %v, want 10 from 100 ms to 1 s", at)
		}
	})
}

// How late a look was decides what is discarded: one that came early, right after a stall, must hide nothing of the
// next, and one that does not come at all is late too.
func TestAWatchingSeesItsOwnStalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var late []time.Duration
		s := newSession([]Sink{func(records []history.Record) error {
			for _, r := range records {
				if tick, ok := r.Event.(history.Tick); ok {
					late = append(late, tick.Late/time.Millisecond)
				}
			}
			return nil
		}})
		ctx, cancel := context.WithCancel(t.Context())
		looked := make(chan struct{}, 1)
		var hands sync.WaitGroup
		hands.Go(func() { s.tick(ctx, looked, s.drain) })
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

// Whatever the session does meanwhile, all goes to every sink in order up to the end, what a sink's failure records
// too, and no sink's error hides another's.
func TestASessionGoesOnWithoutItsBrokenSinks(t *testing.T) {
	for name, watching := range map[string]bool{"under load": false, "watching": true} {
		synctest.Test(t, func(t *testing.T) {
			var looked chan struct{}
			if watching {
				looked = make(chan struct{}) // the probe is stuck: time goes on all the same
			}
			full, gone := errors.New("disk full"), errors.New("pipe gone")
			var got []history.Record
			asked := 0
			s := newSession([]Sink{
				func([]history.Record) error { asked++; return full },
				func(records []history.Record) error { got = append(got, records...); return nil },
				func(records []history.Record) error {
					if slices.ContainsFunc(records,
						func(r history.Record) bool { _, over := r.Event.(history.RunEnded); return over }) {
						return gone
					}
					return nil
				},
			})
			wrong := errors.New("no server")
			s.rec.Record(history.Header{})
			s.keep(looked)
			time.Sleep(2500 * time.Millisecond)
			err := errors.Join(wrong, s.finish())
			for _, want := range []error{full, gone, wrong} {
				if !errors.Is(err, want) {
					t.Errorf("%s: the error %q does not tell of %q", name, err, want)
				}
			}
			if asked != 1 {
				t.Errorf("%s: the full disk was written to %d times, want once", name, asked)
			}
			var troubles []string
			ended := false
			for i, r := range got {
				if r.Seq != uint64(i+1) {
					t.Errorf("%s: record %d came as number %d", name, r.Seq, i+1)
				}
				switch ev := r.Event.(type) {
				case history.Trouble:
					troubles = append(troubles, ev.Text)
				case history.RunEnded:
					ended = true
				}
			}
			if diff := cmp.Diff([]string{"disk full", "pipe gone"}, troubles); diff != "" || !ended {
				t.Errorf("%s: it ended %v, troubles (-want +got):\n%s", name, ended, diff)
			}
		})
	}
}

// Who stops it first is who stopped it, and what was going on is told why.
func TestASessionIsStoppedOnce(t *testing.T) {
	s := newSession(nil)
	s.Stop("q")
	s.Stop("SIGINT")
	if err := context.Cause(s.ctx); !errors.Is(err, ErrInterrupted) || err.Error() != "interrupted by q" {
		t.Errorf("the cause is %v", err)
	}
	if diff := cmp.Diff([]history.Event{history.Interrupted{By: "q"}}, events(s.rec)); diff != "" {
		t.Error(diff)
	}
}
