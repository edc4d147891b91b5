package history

import (
	"strings"
	"sync"
	"testing"
	"time"
)

func TestRecordsAreNumberedWithoutGapsAndTimeNeverRunsBack(t *testing.T) {
	r := NewRecorder(time.Now())
	var writers sync.WaitGroup
	for range 8 {
		writers.Go(func() {
			for range 1000 {
				r.Record(Tick{})
			}
		})
	}
	var all, spare []Record
	done := make(chan struct{})
	go func() { writers.Wait(); close(done) }()
	for open := true; open; {
		select {
		case <-done:
			open = false
		default:
		}
		got := r.Drain(spare)
		all = append(all, got...)
		spare = got
	}
	all = append(all, r.Drain(nil)...)
	if len(all) != 8000 {
		t.Fatalf("%d records of 8000", len(all))
	}
	for i, rec := range all {
		if rec.Seq != uint64(i+1) || i > 0 && rec.At < all[i-1].At {
			t.Fatalf("record %d is %+v", i, rec)
		}
	}
}

func TestAnOverrunIsCountedAndTold(t *testing.T) {
	r := NewRecorder(time.Now())
	for range limit + 7 {
		r.Record(Tick{})
	}
	first := r.Drain(nil)
	if len(first) != limit {
		t.Fatalf("%d kept", len(first))
	}
	second := r.Drain(nil)
	if len(second) != 1 {
		t.Fatalf("%d records after it, want the one that tells", len(second))
	}
	trouble, ok := second[0].Event.(Trouble)
	if !ok || !strings.HasPrefix(trouble.Text, "7 events") || second[0].Seq != limit+1 {
		t.Errorf("%+v", second[0])
	}
}
