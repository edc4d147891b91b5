package jvm

// A stream is numbers in HotSpot's compressed form (compressedStream.hpp, unsigned5.hpp): bytes of six bits each, the
// lowest first, and one below 192 ends a number; at most five. Since JDK 20 the byte 0 is left out, so that each
// counts one less. What lies behind the end is zero.
type stream struct {
	bytes []byte
	at    int
	less  uint32
}

func newStream(version int, b []byte) stream {
	s := stream{bytes: b}
	if version >= 20 {
		s.less = 1
	}
	return s
}

// over says that the bytes are used up.
func (s *stream) over() bool { return s.at >= len(s.bytes) }

func (s *stream) octet() byte {
	if s.over() {
		return 0
	}
	s.at++
	return s.bytes[s.at-1]
}

// number is the next one, unsigned.
func (s *stream) number() uint32 {
	var sum uint32
	for i := range 5 {
		b := s.octet()
		sum += (uint32(b) - s.less) << (6 * i)
		if b < 192 {
			break
		}
	}
	return sum
}

// signed is the next number where its lowest bit is the sign.
func (s *stream) signed() int32 {
	n := s.number()
	return int32(n>>1) ^ -int32(n&1)
}
