package python

import "strings"

// What a type says of itself in tp_flags (Include/object.h).
const (
	hasInlineValues = 1 << 2 // from 3.13
	hasManagedDict  = 1 << 4 // from 3.11
	isLong          = 1 << 24
	isList          = 1 << 25
	isTuple         = 1 << 26
	isBytes         = 1 << 27
	isText          = 1 << 28
	isDict          = 1 << 29
)

// Offsets in PyTypeObject and PyHeapTypeObject (Include/cpython/object.h), the same in 3.10 to 3.14 but for the keys.
const (
	typeName       = 24
	typeSize       = 32
	typeFlags      = 168
	typeBase       = 256
	typeDict       = 264
	typeDictOffset = 288
	maxBases       = 16
)

// A class is a type as this look read it.
type class struct {
	at         uint64
	name       string // tp_name: "dict", "_asyncio.Task"; of a class written in Python without its module
	flags      uint64
	size       uint64 // of an instance
	dictOffset int64
	base       uint64
}

func (c *class) has(flag uint64) bool { return c.flags&flag != 0 }

// A classReader reads the types of objects, each once a look.
type classReader struct {
	mem     *snapshot
	classes map[uint64]*class   // of the current look
	near    [nearClasses]*class // those that were asked for last
}

// begin forgets the types of the last look.
func (r *classReader) begin() {
	r.classes, r.near = map[uint64]*class{}, [nearClasses]*class{}
}

// noClass is that of what is no object.
func noClass() *class { return &class{} }

// typeOf is the type of an object; never nil.
func (r *classReader) typeOf(object uint64) *class { return r.class(r.mem.word(object + 8)) }

// nearClasses is a power of two; types are at least 16 bytes apart.
const nearClasses = 64

func (r *classReader) class(at uint64) *class {
	near := &r.near[at>>4%nearClasses]
	if *near != nil && (*near).at == at && at != 0 {
		return *near
	}
	if c := r.classes[at]; c != nil {
		*near = c
		return c
	}
	c := noClass()
	if r.mem.bytes(at, typeDictOffset+8) != nil {
		c = &class{
			at: at, name: r.mem.chars(r.mem.word(at + typeName)), flags: r.mem.word(at + typeFlags),
			size:       r.mem.word(at + typeSize),
			dictOffset: int64(r.mem.word(at + typeDictOffset)), base: r.mem.word(at + typeBase),
		}
	}
	r.classes[at] = c
	return c
}

// derives says whether a type has this name or one of its bases has.
func (r *classReader) derives(c *class, name string) bool {
	for range maxBases {
		if c.name == name || strings.HasSuffix(c.name, name) && strings.HasSuffix(c.name, "."+name) {
			return true
		}
		if c.base == 0 {
			return false
		}
		c = r.class(c.base)
	}
	return false
}
