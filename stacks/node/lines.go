package node

import "sort"

// A script is what is kept of a file: where its lines end, as far as it was read.
type script struct {
	ends  []int // indexes of the characters that end lines
	read  int
	whole bool
}

// sources are the files that functions were compiled from.
type sources struct {
	*heap
	scripts map[uint64]*script
}

const (
	maxSource = 1 << 20 // characters of a file
	piece     = 64 << 10
)

// line is the line of a character of a script, from 1; 0: it is not known. The script's text is read that far, a
// piece at a time: V8 itself counts its lines only when it writes an error.
func (f *sources) line(word uint64, position int) int {
	if position < 0 || position > maxSource {
		return 0
	}
	s := f.scripts[word]
	if s == nil {
		s = &script{}
		f.scripts[word] = s
	}
	for s.read <= position && !s.whole {
		pieces := maxPieces
		units := f.units(f.field(word, f.scriptSource), s.read, piece, &pieces)
		for i, unit := range units {
			if unit == '\n' {
				s.ends = append(s.ends, s.read+i)
			}
		}
		s.read += len(units)
		s.whole = len(units) < piece
	}
	if s.read < position {
		delete(f.scripts, word) // it could not be read
		return 0
	}
	return 1 + sort.SearchInts(s.ends, position)
}

// A table is what is kept of a function's bytecodes: what each was made from.
type table struct {
	places []place
	of     uint64 // the BytecodeArray
}

// A place is a bytecode and the character of the file that it was made from.
type place struct{ bytecode, position int }

// Where a BytecodeArray has the table of its places (bytecode-array.tq): behind its constants and its handlers, or since
// V8 12 before them; and where a ByteArray has its bytes.
const (
	placesBehind = 32
	placesBefore = 24
	arrayLength  = 8
	arrayData    = 16
	maxTable     = 32 << 10
)

// lineAt is the line of a bytecode of a function of a script; 0: it is not known.
func (f *sources) lineAt(t *table, script, bytecodes uint64, bytecode int) int {
	if t.of != bytecodes {
		word := f.field(bytecodes, f.bytecodePlaces)
		n, ok := small(f.field(word, arrayLength))
		if !ok || n <= 0 || n > maxTable {
			return 0
		}
		t.places, t.of = places(f.view.Block(object(word)+arrayData, n), f.flagged), bytecodes
	}
	position := -1
	for _, p := range t.places { // in the order of the bytecodes
		if p.bytecode > bytecode {
			break
		}
		position = p.position
	}
	return f.line(script, position)
}

// places decodes a table (source-position-table.cc): of each place how far its bytecode is behind the last one's,
// with the bits inverted where it is no statement's, or since V8 14 (flagged) above two bits that say what it is; and how
// far its character.
func places(b []byte, flagged bool) (all []place) {
	var now place
	source := 0
	for len(b) > 0 {
		var step, move int
		if flagged {
			step, b = unsigned(b)
			step >>= 2
		} else if step, b = number(b); step < 0 {
			step = -(step + 1)
		}
		move, b = number(b)
		now.bytecode += step
		source += move
		now.position = source>>1&(1<<30-1) - 1 // one more than the character, behind a bit for what comes from elsewhere
		all = append(all, now)
	}
	return all
}

// number reads a number of seven bits a byte, the lowest first, whose lowest bit is the sign (vlq.h).
func number(b []byte) (int, []byte) {
	var bits uint64
	for i := range b {
		if i == maxDigits {
			return 0, nil
		}
		bits |= uint64(b[i]&0x7f) << (7 * i)
		if b[i]&0x80 == 0 {
			return int(bits>>1) ^ -int(bits&1), b[i+1:]
		}
	}
	return 0, nil
}

const maxDigits = 9
