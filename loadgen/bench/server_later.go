package main

import (
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

// answerLater is a request whose answer is delayed.
type answerLater struct {
	fd   int32
	conn *served
	read time.Time
}

// patience is how long the loop may wait, in milliseconds.
func (s *server) patience() int {
	if len(s.late) == 0 {
		return 100
	}
	left := time.Until(s.late[0].read.Add(s.delay))
	return int(max(left+time.Millisecond-1, 0) / time.Millisecond)
}

func (s *server) answerLate() {
	for len(s.late) > 0 && s.now.Sub(s.late[0].read) >= s.delay {
		one := s.late[0]
		s.late = s.late[1:]
		if s.conns[one.fd] == one.conn {
			_, _ = unix.Write(int(one.fd), reply)
			s.delays = append(s.delays, s.now.Sub(one.read))
			s.written = append(s.written, time.Since(s.arrivals.first).Microseconds())
		}
	}
}

// delays are how late the answers really were.
type delays []time.Duration

func (d delays) median() time.Duration {
	if len(d) == 0 {
		return 0
	}
	slices.Sort(d)
	return d[len(d)/2]
}

// arrivals counts requests by the millisecond in which they came, for up to two minutes.
type arrivals struct {
	first  time.Time
	counts [120_000]uint16
	last   int
}

func (a *arrivals) add(now time.Time) {
	ms := int(now.Sub(a.first) / time.Millisecond)
	if ms >= 0 && ms < len(a.counts) {
		a.counts[ms]++
		a.last = max(a.last, ms)
	}
}

// even says how even they were: the variance over the mean, and the most in one millisecond. The first and the last tenth are left out.
func (a *arrivals) even() (dispersion float64, most int) {
	in := a.counts[a.last/10 : a.last*9/10+1]
	var sum, squares float64
	for _, n := range in {
		sum += float64(n)
		squares += float64(n) * float64(n)
		most = max(most, int(n))
	}
	mean := sum / float64(len(in))
	if mean == 0 {
		return 0, 0
	}
	return (squares/float64(len(in)) - mean*mean) / mean, most
}
