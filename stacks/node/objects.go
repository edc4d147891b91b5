package node

import (
	"unicode/utf16"

	"github.com/hangtime-dev/hangtime/stacks/foreign"
)

// A heap is that in which V8 has its objects.
type heap struct {
	objectLayout
	stringLayout
	view *foreign.View
}

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
func (h *heap) typeOf(word uint64) int {
	at := object(word)
	if at == 0 {
		return 0
	}
	layout := object(h.view.Word(at))
	if layout == 0 {
		return 0
	}
	return int(h.view.Block(layout+uint64(h.mapType), 2).Uint16(0))
}

// field is a word of an object.
func (h *heap) field(word uint64, offset int) uint64 {
	at := object(word)
	if at == 0 {
		return 0
	}
	return h.view.Word(at + uint64(offset))
}

const (
	maxText   = 1024
	maxPieces = 64 // of a string that is put together from others
)

// text is what a string says, as far as it is short.
func (h *heap) text(word uint64) string {
	pieces := maxPieces
	return string(utf16.Decode(h.units(word, 0, maxText, &pieces)))
}

// units are those of UTF-16 of a string from an index on, at most so many.
func (h *heap) units(word uint64, from, most int, pieces *int) []uint16 {
	kind := h.typeOf(word)
	if *pieces--; *pieces < 0 || kind == 0 && object(word) == 0 || kind >= h.firstNonString || most <= 0 {
		return nil
	}
	at := object(word)
	length := int(h.view.Block(at+uint64(h.stringLength), 4).Uint32(0))
	most = min(most, length-from)
	if most <= 0 {
		return nil
	}
	switch kind & h.representation {
	case h.seq:
		if kind&h.encoding == h.oneByteTag {
			return h.sequence(at+uint64(h.oneByte)+uint64(from), most, 1)
		}
		return h.sequence(at+uint64(h.twoByte)+2*uint64(from), most, 2)
	case h.cons:
		all := h.units(h.field(word, h.consFirst), from, most, pieces)
		if len(all) == most {
			return all
		}
		return append(all, h.units(h.field(word, h.consSecond), max(0, from-h.length(h.field(word, h.consFirst))),
			most-len(all), pieces)...)
	case h.thin:
		return h.units(h.field(word, h.thinActual), from, most, pieces)
	case h.sliced:
		offset, _ := small(h.field(word, h.slicedOffset))
		return h.units(h.field(word, h.slicedParent), max(offset, 0)+from, most, pieces)
	case h.external:
		return h.outside(at, kind, from, most)
	}
	return nil
}

func (h *heap) length(word uint64) int {
	at := object(word)
	if at == 0 {
		return 0
	}
	return int(h.view.Block(at+uint64(h.stringLength), 4).Uint32(0))
}

// outside reads a string whose characters are outside of V8's heap: behind the object that keeps them is their
// address (ExternalString::resource_data).
func (h *heap) outside(at uint64, kind, from, most int) []uint16 {
	data := h.view.Word(at + uint64(h.oneByte) + 8)
	if kind&h.encoding == h.oneByteTag {
		return h.sequence(data+uint64(from), most, 1)
	}
	return h.sequence(data+2*uint64(from), most, 2)
}

// sequence reads units of one or two bytes.
func (h *heap) sequence(at uint64, n, size int) []uint16 {
	b := h.view.Block(at, n*size)
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
