package bulk

import (
	"testing"

	"github.com/hangtime-dev/hangtime/kernel/bpf"
)

func TestTheCheaperWayIsTakenAndTheOtherTriedAgain(t *testing.T) {
	for _, c := range []struct {
		name      string
		each, all least
		count     int
		tick      int
		want      bool
	}{
		{"nothing is to be read", 0, 0, 0, 1, false},
		{"by BPF it was never tried", 5, 0, 10, 1, true},
		{"by /proc it was never tried", 0, 100, 10, 1, false},
		{"ten cost more than all at once", 11, 100, 10, 1, true},
		{"ten cost less", 9, 100, 10, 1, false},
		{"they cost less, and it is time for another try", 9, 100, 10, otherEvery, true},
		{"they cost more, and it is time for another try", 11, 100, 10, otherEvery, false},
	} {
		one := table[bpf.ThreadRow]{each: c.each, all: c.all}
		if got := one.cheaper(c.tick, c.count); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

func TestTheRowsOfOneProcess(t *testing.T) {
	rows := []bpf.ThreadRow{{PID: 3, TID: 3}, {PID: 5, TID: 5}, {PID: 5, TID: 6}, {PID: 9, TID: 9}}
	for _, c := range []struct{ pid, count, first int }{{3, 1, 3}, {5, 2, 5}, {9, 1, 9}, {4, 0, 0}, {10, 0, 0}} {
		got := ThreadsOf(rows, c.pid)
		if len(got) != c.count || c.count > 0 && got[0].TID != c.first {
			t.Errorf("of process %d: %v", c.pid, got)
		}
	}
}
