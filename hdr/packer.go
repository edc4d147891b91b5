package hdr

import (
	"bytes"
	"compress/zlib"
	"encoding/base64"
	"encoding/binary"
	"math"
)

// A Packer encodes one histogram after the other: its compressor takes ten times the memory of a histogram. One
// goroutine may use it.
type Packer struct {
	plain  []byte
	packed bytes.Buffer
	zip    *zlib.Writer
}

// NewPacker makes the compressor.
func NewPacker() *Packer {
	p := &Packer{}
	p.zip, _ = zlib.NewWriterLevel(&p.packed, zlib.BestSpeed) // the level is one that exists
	return p
}

// pack writes the counts from slot least to most as V2: a header of 40 bytes, then zig-zag LEB128 numbers, a negative
// one standing for that many empty slots. See HdrHistogram's "V2 encoding":
// https://github.com/HdrHistogram/HdrHistogram/blob/master/src/main/java/org/HdrHistogram/AbstractHistogram.java
func (p *Packer) pack(counts []uint32, least, most int) string {
	const cookie, compressed = 0x1c849303 | 0x10, 0x1c849304 | 0x10
	out := p.plain[:0]
	out = binary.BigEndian.AppendUint32(out, cookie)
	out = binary.BigEndian.AppendUint32(out, 0) // length of the counts, below
	out = binary.BigEndian.AppendUint32(out, 0) // normalizing index offset
	out = binary.BigEndian.AppendUint32(out, Digits)
	out = binary.BigEndian.AppendUint64(out, 1)
	out = binary.BigEndian.AppendUint64(out, uint64(Highest))
	out = binary.BigEndian.AppendUint64(out, math.Float64bits(1))
	header := len(out)
	empty := int64(0)
	if least > 0 {
		empty = int64(least)
	}
	for i := least; i <= most; i++ {
		n := int64(counts[i])
		if n == 0 {
			empty++
			continue
		}
		if empty > 0 {
			out = appendZigZag(out, -empty)
			empty = 0
		}
		out = appendZigZag(out, n)
	}
	binary.BigEndian.PutUint32(out[4:], uint32(len(out)-header))
	p.plain = out

	p.packed.Reset()
	p.packed.Write([]byte{0, 0, 0, 0, 0, 0, 0, 0})
	p.zip.Reset(&p.packed)
	_, _ = p.zip.Write(out) // a bytes.Buffer does not fail
	_ = p.zip.Close()
	packed := p.packed.Bytes()
	binary.BigEndian.PutUint32(packed, compressed)
	binary.BigEndian.PutUint32(packed[4:], uint32(len(packed)-8))
	return base64.StdEncoding.EncodeToString(packed)
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
