package schedule

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"time"
)

// A Moment is when one hit of a log came.
type Moment struct {
	At     int64 // ns since 1970
	Fine   bool  // At is finer than a second
	Target uint32
}

// Replay sends the hits of a log once more, speed times as fast, and has the most that come in one second. There must
// be one at least; all is put in order of time. Hits of one second of a log that counts in seconds are spread evenly
// over it, in the order in which they stand there.
func Replay(all []Moment, speed float64, skipped int) (Schedule, float64) {
	byTime := func(x, y Moment) int { return cmp.Compare(x.At, y.At) }
	slices.SortStableFunc(all, byTime)
	spread(all)
	slices.SortStableFunc(all, byTime) // a second that is spread may reach into fine moments of the same log
	r := &replay{due: make([]time.Duration, len(all)), to: make([]uint32, len(all))}
	first, most, second := all[0].At, 0, 0
	for i, m := range all {
		r.due[i], r.to[i] = time.Duration(float64(m.At-first)/speed), m.Target
		for r.due[i]-r.due[second] >= time.Second {
			second++
		}
		most = max(most, i-second+1)
	}
	long := r.due[len(r.due)-1].Round(time.Millisecond)
	r.words = fmt.Sprintf("replay of %d requests over %v at %sx", len(r.due), long, strconv.FormatFloat(speed, 'g', 4, 64))
	if skipped > 0 {
		r.words += fmt.Sprintf(" (%d lines without a request)", skipped)
	}
	return r, float64(most)
}

// spread gives the hits of one second, of a log that counts in seconds, moments within it.
func spread(all []Moment) {
	for from := 0; from < len(all); {
		to := from + 1
		for to < len(all) && all[to].At == all[from].At && !all[to].Fine {
			to++
		}
		if !all[from].Fine {
			for i := from; i < to; i++ {
				all[i].At += int64(time.Second) / int64(to-from) * int64(i-from)
			}
		}
		from = to
	}
}

// replay is a log as a schedule: hits at its moments, once.
type replay struct {
	due   []time.Duration
	to    []uint32
	words string
}

func (r *replay) Due(n uint64) time.Duration {
	if n >= uint64(len(r.due)) {
		return Never
	}
	return r.due[n]
}

func (r *replay) target(n uint64) uint32 { return r.to[n] }

func (r *replay) length() time.Duration { return r.due[len(r.due)-1] + time.Millisecond }

func (r *replay) String() string { return r.words }
