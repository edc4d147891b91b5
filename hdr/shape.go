package hdr

import (
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// The shape of the history's histograms, in microseconds: 2,048 steps below 2.048 ms, then 1,024 for each doubling.
const (
	Lowest  = 1
	Highest = int64(time.Hour / time.Microsecond)
	Digits  = 3 // significant ones
)

// Library is an empty histogram of that shape as HdrHistogram's library has it: 188 kB, and all that the library can do.
func Library() *hdrhistogram.Histogram { return hdrhistogram.New(Lowest, Highest, Digits) }

// Micro is the value that stands for a duration.
func Micro(d time.Duration) int64 { return min(max(int64(d/time.Microsecond), Lowest), Highest) }
