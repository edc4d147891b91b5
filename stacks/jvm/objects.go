package jvm

import (
	"unicode/utf16"

	"github.com/hangtime-dev/hangtime/stacks/foreign"
)

// reference decodes a reference to an object as fields of objects have it.
func (p *program) reference(fields foreign.Block, offset int) uint64 {
	if !p.compressedObjects {
		return fields.Word(offset)
	}
	narrow := uint64(fields.Uint32(offset))
	if narrow == 0 {
		return 0
	}
	return p.objectBase + narrow<<p.objectShift
}

// An instance is an object as this look reads it.
type instance struct {
	class  uint64 // address of its class
	fields foreign.Block
}

// instanceBytes is what is read of an object at once: most are smaller.
const instanceBytes = 128

// instance reads an object, once for a look.
func (p *program) instance(object uint64) instance {
	if known, ok := p.objects[object]; ok || object == 0 {
		return known
	}
	// Not over the edge of a page: what follows may not be there.
	i := instance{fields: p.view.Block(object, int(min(instanceBytes, pageSize-object%pageSize)))}
	if len(i.fields) < p.klass+8 {
		i.fields = p.view.Block(object, p.klass+8)
	}
	if !p.compressedClasses {
		i.class = i.fields.Word(p.klass)
	} else if narrow := uint64(i.fields.Uint32(p.klass)); narrow != 0 {
		i.class = p.classBase + narrow<<p.classShift
	}
	p.objects[object] = i
	return i
}

// part is n bytes of an object from an offset on; nil where they cannot be read.
func (p *program) part(object uint64, offset, n int) foreign.Block {
	if fields := p.instance(object).fields; offset+n <= len(fields) {
		return fields[offset : offset+n]
	}
	return p.view.Block(object+uint64(offset), n) // it goes on behind the edge of a page
}

// classOf is the address of an object's class.
func (p *program) classOf(object uint64) uint64 { return p.instance(object).class }

// get is the object in a field of an object; 0: none, or it has no such field.
func (p *program) get(object uint64, field string) uint64 {
	offset := p.field(p.classOf(object), field)
	if object == 0 || offset <= 0 {
		return 0
	}
	return p.reference(p.part(object, offset, 8), 0)
}

// describe is the name of an object's class; of a class itself its own, as "Server.class".
func (p *program) describe(object uint64) string {
	name := p.class(p.classOf(object)).name
	if name == "java.lang.Class" && p.mirrorKlass > 0 {
		if of := p.class(p.view.Word(object + uint64(p.mirrorKlass))); of.name != "" {
			return of.name + ".class"
		}
	}
	return name
}

// maxString bounds a string, in bytes.
const maxString = 1024

// text is what a java.lang.String says: bytes of ISO 8859-1 or of UTF-16, by its coder (JEP 254).
func (p *program) text(object uint64) string {
	if object == 0 || p.class(p.classOf(object)).name != "java.lang.String" {
		return ""
	}
	coder, value := p.field(p.classOf(object), "coder"), p.get(object, "value")
	if coder <= 0 || value == 0 {
		return ""
	}
	// Of an array: behind the class its length, in what a compressed one leaves free, and its elements, aligned to
	// eight bytes.
	length, elements := p.klass+8, p.klass+16
	if p.compressedClasses {
		length, elements = p.klass+4, p.klass+8
	}
	n := int(min(p.part(value, length, 4).Uint32(0), maxString))
	if n == 0 {
		return ""
	}
	return decode(p.part(value, elements, n), p.part(object, coder, 1).Byte(0) != 0)
}

// decode decodes the bytes of a string; nothing where they are no text.
func decode(b []byte, wide bool) string {
	units := make([]uint16, 0, len(b))
	for i := 0; i < len(b); i++ {
		unit := uint16(b[i])
		if wide {
			if i++; i == len(b) {
				break
			}
			unit |= uint16(b[i]) << 8
		}
		if unit < ' ' || unit == 0x7f {
			return ""
		}
		units = append(units, unit)
	}
	return string(utf16.Decode(units))
}
