package probe

import (
	"slices"
	"testing"
	"time"

	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/kernel/procevents"
	"github.com/hangtime-dev/hangtime/probe/threads"
)

// TestASuspiciousWorkerOfWhichNothingRanIsToldOfBeforeItIsForgotten, and one that moves is looked at at every tick.
func TestASuspiciousWorkerOfWhichNothingRanIsToldOfBeforeItIsForgotten(t *testing.T) {
	for _, c := range []struct {
		name   string
		stands bool
		want   []int // ticks at which it is looked at
	}{
		{"it stands", true, []int{0, 3, 6}},
		{"it moves", false, []int{0, 1, 2, 3, 4, 5, 6, 7}},
	} {
		var a attention
		now, got := time.Now(), []int(nil)
		for tick := range 8 {
			s := signs{stands: c.stands && tick > 0, sample: history.WorkerSample{
				Connections: history.Connections{Inside: 1, Oldest: time.Second}, Still: time.Second}}
			if a.due(now.Add(time.Duration(tick)*sampleEvery), s) {
				got = append(got, tick)
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: looked at at the ticks %v, want %v", c.name, got, c.want)
		}
	}
}

func TestAWorkerStandsOnlyWhereEachThreadWasFoundAndHasNotRunSince(t *testing.T) {
	one, other := &threads.Thread{TID: 1}, &threads.Thread{TID: 2}
	both := []*threads.Thread{one, other}
	l := looks{}
	l.of(one).found = &finding{}
	if l.stand(both) {
		t.Error("one was never found, and it stands")
	}
	l.of(other).found = &finding{}
	if !l.stand(both) {
		t.Error("both were found, and it does not stand")
	}
	other.Turns++
	if l.stand(both) {
		t.Error("one ran, and it stands")
	}
	if l.stand(nil) {
		t.Error("no thread is known, and it stands")
	}
}

// TestWhatWasAtWorkIsSoUntilItsThreadIsProvenToWaitForWork; what no thread runs is so until the code is read again.
func TestWhatWasAtWorkIsSoUntilItsThreadIsProvenToWaitForWork(t *testing.T) {
	thread := &threads.Thread{TID: 7}
	for _, c := range []struct {
		name string
		busy []int
		idle bool
		want bool
	}{
		{"nothing was", nil, false, false},
		{"its thread works on", []int{7}, false, true},
		{"its thread waits for work", []int{7}, true, false},
		{"no thread runs it", []int{7, 0}, true, true},
	} {
		l := looks{language: language{busy: c.busy}}
		l.of(thread).idle = c.idle
		if got := l.works(); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

// TestChildrenAreReadAtEveryTickWhereTheirBirthsAreNotHeard of; where they are, now and then.
func TestChildrenAreReadAtEveryTickWhereTheirBirthsAreNotHeard(t *testing.T) {
	now := time.Now()
	own, behind := &crew{readAt: now}, &crew{readAt: now}
	heard := &roster{births: &procevents.Listener{}, crews: []*crew{own, behind}}
	deaf := &roster{crews: heard.crews}
	for _, c := range []struct {
		name string
		r    *roster
		of   *crew
		at   time.Time
		want bool
	}{
		{"births are heard", heard, own, now.Add(sampleEvery), true},
		{"it is time again", heard, own, now.Add(childrenEvery), false},
		{"of another arbiter they are not", heard, behind, now.Add(sampleEvery), false},
		{"they are not heard at all", deaf, own, now.Add(sampleEvery), false},
	} {
		if got := c.r.childless(c.of, c.at); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}
