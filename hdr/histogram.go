package hdr

import (
	"math/bits"
	"time"
)

const (
	half  = 1024      // steps of one doubling
	slots = 23 * half // of the index of Highest, and what HdrHistogram adds
)

// A Histogram counts durations and is written in HdrHistogram's V2 encoding. The library's own is 188 kB to clear and
// makes a compressor of 0.8 MB for each encoding; with several of them each 100 ms that would be the largest cost
// beside the system calls. A test holds the two in step.
type Histogram struct {
	counts [slots]uint32
	least  int // slots in use, inclusive
	most   int
	total  uint64
	packer *Packer
}

// NewHistogram is an empty one that p encodes.
func NewHistogram(p *Packer) *Histogram { return &Histogram{least: slots, most: -1, packer: p} }

// slot is the index of a value in microseconds, as HdrHistogram counts it.
func slot(us int64) int {
	bucket := bits.Len64(uint64(us)|(2*half-1)) - 11
	return bucket*half + int(us>>bucket)
}

// Add counts a duration; what lies outside of the shape counts as its nearest end.
func (h *Histogram) Add(d time.Duration) {
	i := slot(Micro(d))
	h.counts[i]++
	h.total++
	h.least, h.most = min(h.least, i), max(h.most, i)
}

// Count is how many durations were added.
func (h *Histogram) Count() uint64 { return h.total }

// Merge adds all of another, exactly.
func (h *Histogram) Merge(o *Histogram) {
	if o.total == 0 {
		return
	}
	for i := o.least; i <= o.most; i++ {
		h.counts[i] += o.counts[i]
	}
	h.total += o.total
	h.least, h.most = min(h.least, o.least), max(h.most, o.most)
}

// Quantile is the value that a share of all are at or below, as HdrHistogram counts it: the highest duration that is
// the same to its precision. 0 of nothing.
func (h *Histogram) Quantile(share float64) time.Duration {
	want := min(uint64(share*float64(h.total)+0.5), h.total)
	want = max(want, 1)
	var sum uint64
	for i := h.least; i <= h.most; i++ {
		if sum += uint64(h.counts[i]); sum >= want {
			return time.Duration(highest(i)) * time.Microsecond
		}
	}
	return 0
}

// highest is the largest value in microseconds that falls into a slot.
func highest(slot int) int64 {
	if slot < 2*half {
		return int64(slot)
	}
	bucket := slot/half - 1
	low := int64(slot-bucket*half) << bucket
	return low + 1<<bucket - 1
}

func (h *Histogram) reset() {
	if h.most >= h.least {
		clear(h.counts[h.least : h.most+1])
	}
	h.least, h.most, h.total = slots, -1, 0
}

// Take encodes what was counted, empty for nothing, and resets.
func (h *Histogram) Take() string {
	if h.total == 0 {
		return ""
	}
	text := h.packer.pack(h.counts[:], h.least, h.most)
	h.reset()
	return text
}
