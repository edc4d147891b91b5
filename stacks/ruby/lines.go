package ruby

import (
	"math/bits"
)

// maxPositions bounds the list of positions that code has which was not packed.
const maxPositions = 1 << 14

// lineOf is that of an instruction of a piece of code; 0 where it cannot be told. pc is behind the instruction that runs.
func lineOf(view memory, c *code, pc uint64) int {
	if pc < c.encoded {
		return 0
	}
	position := (pc - c.encoded) / 8
	if position > uint64(c.size) {
		return 0
	}
	if position > 0 {
		position--
	}
	entry, ok := uint32(1), c.entries == 1
	switch {
	case ok:
	case c.index != 0:
		entry, ok = rank(view, c.index, uint32(position))
	case c.positions != 0 && c.entries > 0 && c.entries <= maxPositions:
		all := view.Block(c.positions, 4*int(c.entries))
		for entry = 0; entry < c.entries && all.Uint32(4*int(entry)) <= uint32(position); entry++ {
		}
		ok = all != nil
	}
	if !ok || entry == 0 || entry > c.entries {
		return 0
	}
	line := int32(view.Block(c.insns+uint64(entry-1)*uint64(view.layout.body.entry), 4).Uint32(0))
	return max(int(line), 0)
}

// rank is how many lines' entries begin up to a position: the succinct bit vector of iseq.c (succ_index_lookup). Its
// first 54 positions have a count of seven bits each, nine in a word. Then follow blocks of 512 positions: the count
// before the block, the counts before its words of 64 from the second on, nine bits each, and the words, in which a one
// begins an entry.
func rank(view memory, index uint64, position uint32) (uint32, bool) {
	const (
		immediate = 54
		perWord   = 9
		block     = 8 + 8 + 512/8
	)
	if position < immediate {
		word := view.Block(index+uint64(position/perWord)*8, 8)
		return uint32(word.Word(0) >> (position % perWord * 7) & 0x7f), word != nil
	}
	position -= immediate
	b := view.Block(index+immediate/perWord*8+uint64(position/512)*block, block)
	word := position % 512 / 64
	n := b.Uint32(0)
	if word > 0 {
		n += uint32(b.Word(8) >> ((word - 1) * 9) & 0x1ff)
	}
	return n + uint32(bits.OnesCount64(b.Word(16+8*int(word))<<(63-position%64))), b != nil
}
