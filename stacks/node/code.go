package node

import (
	"math/bits"
	"slices"

	"github.com/hangtime-dev/hangtime/stacks/foreign"
)

// codeLayout is that of machine code that V8 has compiled: an InstructionStream in memory that may be run, and the Code
// that describes it (code.h, instruction-stream.h). All of it is 0 where the version is not known.
type codeLayout struct {
	streamType            int // type of objects
	streamStart           int // of InstructionStream: its first instruction
	codeData, codePlaces  int // of Code: what to fall back to or what it was made from; where its instructions came from
	codeStart, codeFlags  int // 0: before V8 11 the instructions are in Code itself, which is no other object
	codeSize, codeLoop    int
	sharedData            int // of SharedFunctionInfo: what its bytecodes are in
	baseline, kindOfFlags int // of Code's flags: what a baseline compiler made, and the bits that say so
	bytecodeSizes         uint64
	kinds                 int // of bytecodes
}

// streamCode is where an InstructionStream has its Code.
const streamCode = 8

// A code is machine code of a function.
type code struct {
	at          uint64 // the Code
	start, size uint64 // of its instructions
	baseline    bool
}

// compiled is what is kept of machine code.
type compiled struct {
	program   []span          // memory of files that may be run: the interpreter and what is built in
	codes     map[uint64]code // by an instruction in it; a code of zeros: there is none
	streamMap uint64          // word with which each InstructionStream begins; 0: none was found yet
	sizes     foreign.Block   // of bytecodes, by how wide they are
}

// A span is memory from an address up to another one.
type span struct{ low, high uint64 }

func (c *compiled) ofProgram(pc uint64) bool {
	return slices.ContainsFunc(c.program, func(s span) bool { return pc >= s.low && pc < s.high })
}

func (c *compiled) forgetCode() { c.codes, c.streamMap = map[uint64]code{}, 0 }

const (
	codeAlign = 32       // of the first instruction, at least (kCodeAlignment)
	codePage  = 4 << 10  // read at once
	maxStream = 64 << 10 // bytes from an instruction back to the first
)

// codeAt is the machine code that an instruction belongs to: the object before it, in memory that V8 may run. false: it is
// in none, as the interpreter's own code is.
func (w *walker) codeAt(pc uint64) (code, bool) {
	if w.codeSize == 0 || pc == 0 || w.ofProgram(pc) {
		return code{}, false
	}
	if c, known := w.codes[pc]; known {
		return c, c.at != 0
	}
	c := w.seekCode(pc)
	if !w.view.Spent() && len(w.codes) < maxKept {
		w.codes[pc] = c
	}
	return c, c.at != 0
}

// seekCode goes back from an instruction to the beginning of its InstructionStream.
func (w *walker) seekCode(pc uint64) code {
	for page := pc &^ (codePage - 1); pc-page < maxStream && !w.view.Spent(); page -= codePage {
		memory := w.view.Block(page, codePage)
		if memory == nil {
			return code{}
		}
		header := uint64(w.streamStart)
		first := (page + header + codeAlign - 1) &^ (codeAlign - 1) // instructions that an object in this page begins with
		for start := (min(pc, page+codePage-8+header)) &^ (codeAlign - 1); start >= first; start -= codeAlign {
			if !w.isStream(memory.Word(int(start-header-page)), start-header) {
				continue
			}
			at := start - header
			if w.codeStart > 0 {
				at = object(w.view.Word(at + streamCode))
			}
			c := code{at: at + tag, start: start, size: uint64(w.view.Block(at+uint64(w.codeSize), 4).Uint32(0))}
			if at == 0 || w.codeStart > 0 && w.view.Word(at+uint64(w.codeStart)) != start || pc-start >= c.size {
				return code{}
			}
			kind := w.view.Block(at+uint64(w.codeFlags), 4).Uint32(0) & uint32(w.kindOfFlags)
			c.baseline = int(kind>>bits.TrailingZeros32(uint32(w.kindOfFlags))) == w.baseline
			return c
		}
	}
	return code{}
}

// isStream says whether an object that begins with this word is an InstructionStream.
func (w *walker) isStream(word, at uint64) bool {
	if object(word) == 0 {
		return false
	}
	if w.streamMap == 0 && w.typeOf(at+tag) == w.streamType {
		w.streamMap = word
	}
	return word == w.streamMap
}

// bytecodeIn is the bytecode that a call has come to in a function's machine code, and the array that it is in. One that
// has called another is at the instruction before the one with which it will go on.
func (w *walker) bytecodeIn(c code, shared uint64, from call) (bytecodes uint64, offset int, known bool) {
	into := int(from.pc - c.start)
	if c.baseline {
		bytecodes = w.bytecodesOf(w.field(c.at, w.codeData))
		if !from.runs {
			into--
		}
		offset, known = w.baselineOffset(c, bytecodes, into)
		return bytecodes, offset, known
	}
	bytecodes = w.bytecodesOf(w.field(shared, w.sharedData))
	offset, known = w.optimizedOffset(c, shared, into, !from.runs)
	return bytecodes, offset, known && bytecodes != 0
}

// bytecodesOf are a function's, by the word with which V8 leads to them: the array itself, what an interpreter of the
// function's own has, or baseline code; 0: they are not there.
func (w *walker) bytecodesOf(word uint64) uint64 {
	for _, at := range []int{0, 8, w.codeData} {
		next := word
		if at > 0 {
			next = w.field(word, at)
		}
		if w.typeOf(next) == w.bytecodeType {
			return next
		}
	}
	return 0
}

// Prefixes of bytecodes, and how many there are (bytecodes.h): what they make of the size of the next one.
const (
	wide      = 0
	extraWide = 1
	prefixes  = 4
	maxSizes  = 1 << 10
)

// baselineOffset is the bytecode of an instruction of baseline code. Its table has of each bytecode how many bytes of
// instructions it is, after the beginning of the function itself (baseline, BytecodeOffsetIterator).
func (w *walker) baselineOffset(c code, bytecodes uint64, into int) (int, bool) {
	table := w.bytes(w.field(c.at, w.codePlaces))
	if table == nil || bytecodes == 0 || w.kinds == 0 {
		return 0, false
	}
	if w.sizes == nil {
		if w.sizes = w.view.Block(w.bytecodeSizes, 3*w.kinds); w.sizes == nil {
			return 0, false
		}
	}
	length, _ := small(w.field(bytecodes, arrayLength))
	if length <= 0 || length > maxTable {
		return 0, false
	}
	all := w.view.Block(object(bytecodes)+uint64(w.bytecodes), length)
	end, table := unsigned(table)
	for offset := 0; offset < len(all); {
		var size int
		if size, table = unsigned(table); table == nil {
			return 0, false
		}
		if end += size; into < end {
			return offset, true
		}
		offset += w.sizeOf(all, offset)
	}
	return 0, false
}

// sizeOf is how many bytes a bytecode has, with what belongs to it.
func (w *walker) sizeOf(all foreign.Block, offset int) int {
	kind, scale, size := int(all.Byte(offset)), 0, 0
	if kind < prefixes {
		scale, size = 1, 1
		if kind == extraWide || kind == extraWide+2 {
			scale = 2
		}
		kind = int(all.Byte(offset + 1))
	}
	return max(1, size+int(w.sizes.Byte(scale*w.kinds+kind)))
}

// bytes are those of a ByteArray; nil: it is none that can be read.
func (w *walker) bytes(word uint64) []byte {
	n, ok := small(w.field(word, arrayLength))
	if !ok || n <= 0 || n > maxTable {
		return nil
	}
	return w.view.Block(object(word)+arrayData, n)
}

// unsigned reads a number of seven bits a byte, the lowest first (vlq.h); nil: there was none.
func unsigned(b []byte) (n int, rest []byte) {
	for i := range b {
		if i == maxDigits {
			break
		}
		n |= int(b[i]&0x7f) << (7 * i)
		if b[i]&0x80 == 0 {
			return n, b[i+1:]
		}
	}
	return 0, nil
}
