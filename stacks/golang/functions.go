package golang

import (
	"encoding/binary"
	"fmt"
)

// The runtime's table of functions, "pclntab", is in every program, stripped or not: the runtime itself unwinds
// stacks with it. Its format (since Go 1.20, magic 0xfffffff1) is that of src/runtime/symtab.go, _func in
// runtime2.go, inlinedCall in symtabinl.go; debug/gosym reads neither the sizes of frames nor what was inlined.
const (
	magic       = 0xfffffff1
	headerSize  = 72
	funcSize    = 44 // of _func, before the offsets of its tables
	inlineSize  = 16 // of inlinedCall
	inlineTable = 3  // FUNCDATA_InlTree
	inlineIndex = 2  // PCDATA_InlTreeIndex
	flagTop     = 1  // abi.FuncFlagTopFrame: nothing called it
	flagWriteSP = 2  // abi.FuncFlagSPWrite: the size of its frame is not known

	maxSteps   = 1 << 16 // of one table of values; the longest of the standard library has some thousand
	maxInlined = 32      // calls inlined into each other
)

// A span is a part of the program's memory.
type span struct{ at, size uint64 }

// functions finds the function of an address and what its tables say of it.
type functions struct {
	image       *image
	text, etext uint64 // where code begins and ends
	count       uint64 // of functions
	quantum     uint32 // bytes of the smallest instruction: 1 on amd64, 4 on arm64
	index       span   // of pairs: offset of the code from text, offset of the _func in entries
	entries     span
	names       span
	units       span // of compilation: where their files' names are in files
	files       span
	values      span   // the tables of values by address, compressed
	inlined     uint64 // base of the inlining trees
}

// A function is a piece of code that the linker laid down, with all that was inlined into it.
type function struct {
	entry                 uint64
	name                  string
	flags                 byte
	unit                  uint32 // index of its compilation unit's first file
	frameAt, fileAt, line uint32 // offsets of its tables of values
	start                 int    // line where it begins
	inlineAt              uint32 // that of indexes into its inlining tree; 0: none
	tree                  uint64 // address of its inlining tree; 0: none
}

// A position is a place in the source.
type position struct {
	function, file string
	line           int
}

// at finds the function that an address lies in.
func (t *functions) at(pc uint64) (function, error) {
	if pc < t.text || pc >= t.etext {
		return function{}, fmt.Errorf("find the function at %#x: there is none", pc)
	}
	offset, low, high := uint32(pc-t.text), uint64(0), t.count
	for low+1 < high {
		middle := (low + high) / 2
		start, err := t.image.word(t.index.at + middle*8)
		if err != nil {
			return function{}, err
		}
		if start <= offset {
			low = middle
		} else {
			high = middle
		}
	}
	entry, err := t.image.word(t.index.at + low*8)
	if err != nil {
		return function{}, err
	}
	at, err := t.image.word(t.index.at + low*8 + 4)
	if err != nil {
		return function{}, err
	}
	if entry > offset || uint64(at)+funcSize > t.entries.size {
		return function{}, fmt.Errorf("find the function at %#x: its entry is outside of the table", pc)
	}
	return t.function(t.text+uint64(entry), t.entries.at+uint64(at))
}

func (t *functions) function(entry, at uint64) (function, error) {
	var b [funcSize]byte
	if err := t.image.read(at, b[:]); err != nil {
		return function{}, err
	}
	word := binary.LittleEndian.Uint32
	f := function{
		entry: entry, flags: b[41], unit: word(b[32:]),
		frameAt: word(b[16:]), fileAt: word(b[20:]), line: word(b[24:]), start: int(int32(word(b[36:]))),
	}
	name, err := t.name(word(b[4:]))
	if err != nil {
		return function{}, err
	}
	f.name = name
	values, data := uint64(word(b[28:])), uint64(b[43])
	if values > inlineIndex && data > inlineTable && values < 256 {
		if f.inlineAt, err = t.image.word(at + funcSize + inlineIndex*4); err != nil {
			return function{}, err
		}
		tree, err := t.image.word(at + funcSize + values*4 + inlineTable*4)
		if err != nil {
			return function{}, err
		}
		if tree != 1<<32-1 {
			f.tree = t.inlined + uint64(tree)
		}
	}
	return f, nil
}

func (t *functions) name(offset uint32) (string, error) {
	if uint64(offset) >= t.names.size {
		return "", fmt.Errorf("read a function's name: offset %d is outside of the table", offset)
	}
	return t.image.text(t.names.at + uint64(offset))
}

// frame is the size of the function's frame when it stands at an address: from the stack pointer to what its caller pushed.
func (t *functions) frame(f function, pc uint64) (int32, bool) {
	return t.value(f.frameAt, f.entry, pc)
}

// positions are the place in the source that an address comes from and, where it was inlined, those of the calls that
// it was inlined at, innermost first.
func (t *functions) positions(f function, pc uint64) []position {
	var all []position
	for range maxInlined {
		file, line := t.line(f, pc)
		index, ok := int32(-1), false
		if f.tree != 0 {
			index, ok = t.value(f.inlineAt, f.entry, pc)
		}
		if !ok || index < 0 {
			// A loop without a body is of line 1, whatever the function's lines are.
			return append(all, position{function: f.name, file: file, line: max(line, f.start)})
		}
		var b [inlineSize]byte
		if t.image.read(f.tree+uint64(index)*inlineSize, b[:]) != nil {
			return append(all, position{function: f.name, file: file, line: line})
		}
		name, err := t.name(binary.LittleEndian.Uint32(b[4:]))
		if err != nil {
			return append(all, position{function: f.name, file: file, line: line})
		}
		all = append(all, position{function: name, file: file, line: line})
		pc = f.entry + uint64(binary.LittleEndian.Uint32(b[8:]))
	}
	return all
}

func (t *functions) line(f function, pc uint64) (string, int) {
	number, ok := t.value(f.fileAt, f.entry, pc)
	if !ok || number < 0 {
		return "", 0
	}
	at := (uint64(f.unit) + uint64(number)) * 4
	if at+4 > t.units.size {
		return "", 0
	}
	offset, err := t.image.word(t.units.at + at)
	if err != nil || uint64(offset) >= t.files.size {
		return "", 0
	}
	file, err := t.image.text(t.files.at + uint64(offset))
	if err != nil {
		return "", 0
	}
	line, ok := t.value(f.line, f.entry, pc)
	if !ok || line < 0 {
		line = 0
	}
	return file, int(line)
}

// value looks an address up in a table of values: pairs of how much the value changes and for how many instructions
// it then holds, both as variable-length integers, the first in zigzag; a change of zero ends the table. The value
// before the first is -1.
func (t *functions) value(offset uint32, entry, pc uint64) (int32, bool) {
	if offset == 0 || uint64(offset) >= t.values.size {
		return 0, false
	}
	from := stream{image: t.image, at: t.values.at + uint64(offset), end: t.values.at + t.values.size}
	value, reached := int32(-1), entry
	for step := range maxSteps {
		change, ok := from.varint()
		if !ok || change == 0 && step > 0 {
			return 0, false
		}
		length, ok := from.varint()
		if !ok {
			return 0, false
		}
		value += int32(-(change & 1) ^ change>>1)
		reached += uint64(length) * uint64(t.quantum)
		if pc < reached {
			return value, true
		}
	}
	return 0, false
}

// A stream reads bytes of the image one after the other.
type stream struct {
	image   *image
	at, end uint64
	page    *[pageSize]byte
}

func (s *stream) varint() (uint32, bool) {
	var v uint32
	for shift := 0; shift < 35; shift += 7 {
		if s.at >= s.end {
			return 0, false
		}
		if s.page == nil || s.at%pageSize == 0 {
			page, err := s.image.page(s.at / pageSize)
			if err != nil {
				return 0, false
			}
			s.page = page
		}
		b := s.page[s.at%pageSize]
		s.at++
		v |= uint32(b&0x7f) << shift
		if b < 0x80 {
			return v, true
		}
	}
	return 0, false
}
