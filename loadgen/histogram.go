package loadgen

import (
	"bytes"
	"compress/zlib"
	"encoding/base64"
	"encoding/binary"
	"math"
	"math/bits"
	"time"
)

// The histograms of the history hold microseconds from 1 µs to one hour with 3 significant digits: 2,048 steps below 2.048 ms, then 1,024 for each doubling.
const (
	histMost   = int64(time.Hour / time.Microsecond)
	histDigits = 3
	histHalf   = 1024
	histSlots  = 23 * histHalf // of the index of one hour, and what HdrHistogram adds
)

// A histogram counts durations and is written in HdrHistogram's V2 encoding. The library's own is 188 kB to clear and makes a compressor of 0.8 MB for each
// encoding; with several of them each 100 ms that would be the largest cost beside the system calls. A test holds the two in step.
type histogram struct {
	counts [histSlots]uint32
	least  int // slots in use, inclusive
	most   int
	total  uint64
	packer *packer
}

// A packer encodes one histogram after the other: its compressor takes ten times the memory of a histogram. One goroutine may use it.
type packer struct {
	plain  []byte
	packed bytes.Buffer
	zip    *zlib.Writer
}

func newPacker() *packer {
	p := &packer{}
	p.zip, _ = zlib.NewWriterLevel(&p.packed, zlib.BestSpeed) // the level is one that exists
	return p
}

func newHistogram(p *packer) *histogram { return &histogram{least: histSlots, most: -1, packer: p} }

// micro is the value that stands for a duration.
func micro(d time.Duration) int64 { return min(max(int64(d/time.Microsecond), 1), histMost) }

// slot is the index of a value in microseconds, as HdrHistogram counts it.
func slot(us int64) int {
	bucket := bits.Len64(uint64(us)|(2*histHalf-1)) - 11
	return bucket*histHalf + int(us>>bucket)
}

func (h *histogram) add(d time.Duration) {
	i := slot(micro(d))
	h.counts[i]++
	h.total++
	h.least, h.most = min(h.least, i), max(h.most, i)
}

// merge adds all of another, exactly.
func (h *histogram) merge(o *histogram) {
	if o.total == 0 {
		return
	}
	for i := o.least; i <= o.most; i++ {
		h.counts[i] += o.counts[i]
	}
	h.total += o.total
	h.least, h.most = min(h.least, o.least), max(h.most, o.most)
}

// quantile is the value that a share of all are at or below, as HdrHistogram counts it: the highest duration that is the same to its precision. 0 of nothing.
func (h *histogram) quantile(share float64) time.Duration {
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
	if slot < 2*histHalf {
		return int64(slot)
	}
	bucket := slot/histHalf - 1
	low := int64(slot-bucket*histHalf) << bucket
	return low + 1<<bucket - 1
}

func (h *histogram) reset() {
	if h.most >= h.least {
		clear(h.counts[h.least : h.most+1])
	}
	h.least, h.most, h.total = histSlots, -1, 0
}

// take encodes what was counted, empty for nothing, and resets.
func (h *histogram) take() string {
	if h.total == 0 {
		return ""
	}
	text := h.encode()
	h.reset()
	return text
}

// encode writes V2: a header of 40 bytes, then zig-zag LEB128 numbers, a negative one standing for that many empty slots.
// See HdrHistogram's "V2 encoding": https://github.com/HdrHistogram/HdrHistogram/blob/master/src/main/java/org/HdrHistogram/AbstractHistogram.java
func (h *histogram) encode() string {
	const cookie, compressed = 0x1c849303 | 0x10, 0x1c849304 | 0x10
	with := h.packer
	p := with.plain[:0]
	p = binary.BigEndian.AppendUint32(p, cookie)
	p = binary.BigEndian.AppendUint32(p, 0) // length of the counts, below
	p = binary.BigEndian.AppendUint32(p, 0) // normalizing index offset
	p = binary.BigEndian.AppendUint32(p, histDigits)
	p = binary.BigEndian.AppendUint64(p, 1)
	p = binary.BigEndian.AppendUint64(p, uint64(histMost))
	p = binary.BigEndian.AppendUint64(p, math.Float64bits(1))
	header := len(p)
	empty := int64(0)
	if h.least > 0 {
		empty = int64(h.least)
	}
	for i := h.least; i <= h.most; i++ {
		n := int64(h.counts[i])
		if n == 0 {
			empty++
			continue
		}
		if empty > 0 {
			p = appendZigZag(p, -empty)
			empty = 0
		}
		p = appendZigZag(p, n)
	}
	binary.BigEndian.PutUint32(p[4:], uint32(len(p)-header))
	with.plain = p

	with.packed.Reset()
	with.packed.Write([]byte{0, 0, 0, 0, 0, 0, 0, 0})
	with.zip.Reset(&with.packed)
	_, _ = with.zip.Write(p) // a bytes.Buffer does not fail
	_ = with.zip.Close()
	out := with.packed.Bytes()
	binary.BigEndian.PutUint32(out, compressed)
	binary.BigEndian.PutUint32(out[4:], uint32(len(out)-8))
	return base64.StdEncoding.EncodeToString(out)
}

// appendZigZag is LEB128 with at most 9 bytes, the ninth with 8 bits; our numbers are far below that.
func appendZigZag(p []byte, n int64) []byte {
	v := uint64(n<<1) ^ uint64(n>>63)
	for v >= 0x80 {
		p = append(p, byte(v)|0x80)
		v >>= 7
	}
	return append(p, byte(v))
}
