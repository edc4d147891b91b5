package golang

import (
	"cmp"
	"encoding/binary"
	"slices"
)

const (
	maxGap   = 2048     // bytes between two pieces that are rather read along than left out with a call more
	maxBlock = 64 << 10 // bytes that are read at once
)

// A scratch is memory that is used again by each look.
type scratch struct {
	room   []byte // of goroutines and stacks
	buffer []byte // of gather
}

func newScratch() *scratch { return &scratch{buffer: make([]byte, maxBlock)} }

// take is memory that holds until the next call.
func (s *scratch) take(size int) []byte {
	if len(s.room) < size {
		s.room = make([]byte, size)
	}
	return s.room[:size]
}

// A piece is memory that is wanted.
type piece struct {
	at   uint64
	into []byte
	good bool // it was read
}

// gather reads many small pieces of memory with few system calls: those that lie close together are read at once. The
// runtime's allocator lays goroutines and their stacks next to each other. It sorts pieces by their addresses.
func gather(memory func(uint64, []byte) error, pieces []piece, buffer []byte) {
	slices.SortFunc(pieces, func(a, b piece) int { return cmp.Compare(a.at, b.at) })
	for first := 0; first < len(pieces); {
		last, end := first, pieces[first].end()
		for last+1 < len(pieces) {
			next := &pieces[last+1]
			if next.at > end+maxGap || next.end()-pieces[first].at > uint64(len(buffer)) {
				break
			}
			end = max(end, next.end())
			last++
		}
		readPieces(memory, pieces[first:last+1], end, buffer)
		first = last + 1
	}
}

func (p *piece) end() uint64 { return p.at + uint64(len(p.into)) }

// readPieces reads pieces that end before an address: at once, or where that fails each by itself.
func readPieces(memory func(uint64, []byte) error, pieces []piece, end uint64, buffer []byte) {
	start := pieces[0].at
	if len(pieces) > 1 && memory(start, buffer[:end-start]) == nil {
		for i := range pieces {
			copy(pieces[i].into, buffer[pieces[i].at-start:])
			pieces[i].good = true
		}
		return
	}
	for i := range pieces {
		pieces[i].good = memory(pieces[i].at, pieces[i].into) == nil
	}
}

func word(b []byte, offset int) uint64 { return binary.LittleEndian.Uint64(b[offset:]) }
