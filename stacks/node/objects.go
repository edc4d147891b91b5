package node

import "unicode/utf16"

// V8 writes a value as a word: a small integer in the upper half, with 0 below, or the address of an object, plus 1
// (pointers are not compressed in Node.js).
const (
	tag     = 1
	tagMask = 3
)

// small is a small integer.
func small(word uint64) (int, bool) { return int(int32(word >> 32)), uint32(word) == 0 }

// object is the address of an object; 0: the word is none.
func object(word uint64) uint64 {
	if word&tagMask != tag || word>>47 != 0 {
		return 0
	}
	return word - tag
}

// typeOf is the type of an object by its map; 0: the word is none.
func (e *engine) typeOf(word uint64) int {
	at := object(word)
	if at == 0 {
		return 0
	}
	layout := object(e.view.Word(at))
	if layout == 0 {
		return 0
	}
	return int(e.view.Block(layout+uint64(e.mapType), 2).Uint16(0))
}

// field is a word of an object.
func (e *engine) field(word uint64, offset int) uint64 {
	at := object(word)
	if at == 0 {
		return 0
	}
	return e.view.Word(at + uint64(offset))
}

const (
	maxText   = 1024
	maxPieces = 64 // of a string that is put together from others
)

// text is what a string says, as far as it is short.
func (e *engine) text(word uint64) string {
	pieces := maxPieces
	return string(utf16.Decode(e.units(word, 0, maxText, &pieces)))
}

// units are those of UTF-16 of a string from an index on, at most so many.
func (e *engine) units(word uint64, from, most int, pieces *int) []uint16 {
	kind := e.typeOf(word)
	if *pieces--; *pieces < 0 || kind == 0 && object(word) == 0 || kind >= e.firstNonString || most <= 0 {
		return nil
	}
	at := object(word)
	length := int(e.view.Block(at+uint64(e.stringLength), 4).Uint32(0))
	most = min(most, length-from)
	if most <= 0 {
		return nil
	}
	switch kind & e.representation {
	case e.seq:
		if kind&e.encoding == e.oneByteTag {
			return e.sequence(at+uint64(e.oneByte)+uint64(from), most, 1)
		}
		return e.sequence(at+uint64(e.twoByte)+2*uint64(from), most, 2)
	case e.cons:
		all := e.units(e.field(word, e.consFirst), from, most, pieces)
		if len(all) == most {
			return all
		}
		return append(all, e.units(e.field(word, e.consSecond), max(0, from-e.length(e.field(word, e.consFirst))),
			most-len(all), pieces)...)
	case e.thin:
		return e.units(e.field(word, e.thinActual), from, most, pieces)
	case e.sliced:
		offset, _ := small(e.field(word, e.slicedOffset))
		return e.units(e.field(word, e.slicedParent), max(offset, 0)+from, most, pieces)
	case e.external:
		return e.outside(at, kind, from, most)
	}
	return nil
}

func (e *engine) length(word uint64) int {
	at := object(word)
	if at == 0 {
		return 0
	}
	return int(e.view.Block(at+uint64(e.stringLength), 4).Uint32(0))
}

// outside reads a string whose characters are outside of V8's heap: behind the object that keeps them is their
// address (ExternalString::resource_data).
func (e *engine) outside(at uint64, kind, from, most int) []uint16 {
	data := e.view.Word(at + uint64(e.oneByte) + 8)
	if kind&e.encoding == e.oneByteTag {
		return e.sequence(data+uint64(from), most, 1)
	}
	return e.sequence(data+2*uint64(from), most, 2)
}

// sequence reads units of one or two bytes.
func (e *engine) sequence(at uint64, n, size int) []uint16 {
	b := e.view.Block(at, n*size)
	if b == nil {
		return nil
	}
	all := make([]uint16, n)
	for i := range all {
		if size == 1 {
			all[i] = uint16(b[i])
		} else {
			all[i] = b.Uint16(2 * i)
		}
	}
	return all
}
