package python

import (
	"encoding/binary"
	"slices"
	"strings"
	"unicode/utf8"
)

// maxText is the most bytes that a name or a path has here.
const maxText = 4096

// A textReader reads strings: str and bytes.
type textReader struct {
	mem    *snapshot
	layout *layout
	types  *classReader
}

// text reads a str (Include/cpython/unicodeobject.h); empty: it is none, too long, or has control characters, so it
// is no name.
func (r *textReader) text(address uint64) string {
	raw, kind := r.characters(address)
	if raw == nil {
		return ""
	}
	if kind == 1 && isName(raw) {
		return string(raw)
	}
	var out strings.Builder
	for i := 0; i+kind <= len(raw); i += kind {
		c := rune(raw[i])
		switch kind {
		case 2:
			c = rune(binary.LittleEndian.Uint16(raw[i:]))
		case 4:
			c = rune(binary.LittleEndian.Uint32(raw[i:]))
		}
		if c < ' ' {
			return ""
		}
		out.WriteRune(c)
	}
	return strings.ToValidUTF8(out.String(), "�")
}

// isName says whether all of it is printable ASCII.
func isName(raw []byte) bool {
	for _, c := range raw {
		if c < ' ' || c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// is says whether an object is the str that a name of ASCII makes.
func (r *textReader) is(address uint64, name string) bool {
	head := r.mem.bytes(address+16, 24)
	if head == nil || binary.LittleEndian.Uint64(head) != uint64(len(name)) {
		return false
	}
	raw, kind := r.characters(address)
	return kind == 1 && string(raw) == name
}

// characters are those of a str as they are kept, of 1, 2 or 4 bytes each.
func (r *textReader) characters(address uint64) (raw []byte, kind int) {
	head := r.mem.bytes(address, 40)
	if head == nil {
		return nil, 0
	}
	length, state := binary.LittleEndian.Uint64(head[16:]), binary.LittleEndian.Uint32(head[32:])
	// Of struct _PyUnicodeObject_state only the first byte is anything: what is above it nobody sets (3.14 leaves there
	// what the memory had before). Without the GIL, 3.14 has another layout; such a build is not read.
	kind, ascii := int(state>>2&7), state>>6&1 == 1
	start := address + r.layout.text.compact
	if ascii {
		kind, start = 1, address+r.layout.text.ascii
	}
	if length == 0 || length > maxText || kind != 1 && kind != 2 && kind != 4 {
		return nil, 0
	}
	return r.mem.bytes(start, int(length)*kind), kind
}

// octets reads a bytes object, or a str, as text: query strings are bytes in ASGI.
func (r *textReader) octets(address uint64) string {
	if !r.types.typeOf(address).has(isBytes) {
		return r.text(address)
	}
	size := r.mem.word(address + 16)
	if size == 0 || size > maxText {
		return ""
	}
	raw := r.mem.bytes(address+32, int(size))
	if raw == nil {
		return ""
	}
	return strings.ToValidUTF8(string(raw), "�")
}

// content is a copy of what a bytes object has; nil: it has nothing, or more than most.
func (r *textReader) content(object, most uint64) []byte {
	const header = 32
	size := r.mem.word(object + 16)
	if object == 0 || size == 0 || size > most {
		return nil
	}
	return slices.Clone(r.mem.bytes(object+header, int(size)))
}
