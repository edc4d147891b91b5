package jvm

import "unicode/utf16"

// get is the object in a field of an object; 0: none, or it has no such field.
func (c *classes) get(object uint64, field string) uint64 {
	offset := c.field(c.objects.classOf(object), field)
	if object == 0 || offset <= 0 {
		return 0
	}
	return c.objects.reference(c.objects.part(object, offset, 8), 0)
}

// number is the int in a field of an object; 0: it has no such field.
func (c *classes) number(object uint64, field string) int {
	offset := c.field(c.objects.classOf(object), field)
	if object == 0 || offset <= 0 {
		return 0
	}
	return int(int32(c.objects.part(object, offset, 4).Uint32(0)))
}

// describe is the name of an object's class; of a class itself its own, as "Server.class".
func (c *classes) describe(object uint64) string {
	name := c.class(c.objects.classOf(object)).name
	if name == "java.lang.Class" && c.objects.settings.mirrorKlass > 0 {
		if of := c.class(c.view.Word(object + uint64(c.objects.settings.mirrorKlass))); of.name != "" {
			return of.name + ".class"
		}
	}
	return name
}

// maxString bounds a string, in bytes.
const maxString = 1024

// text is what a java.lang.String says: bytes of ISO 8859-1 or of UTF-16, by its coder (JEP 254).
func (c *classes) text(object uint64) string {
	if object == 0 || c.class(c.objects.classOf(object)).name != "java.lang.String" {
		return ""
	}
	coder, value := c.field(c.objects.classOf(object), "coder"), c.get(object, "value")
	if coder <= 0 || value == 0 {
		return ""
	}
	length, elements := c.objects.ofBytes()
	n := int(min(c.objects.part(value, length, 4).Uint32(0), maxString))
	if n == 0 {
		return ""
	}
	return decode(c.objects.part(value, elements, n), c.objects.part(object, coder, 1).Byte(0) != 0)
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
