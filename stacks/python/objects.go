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

// An objectReader reads CPython's objects: of which type each is, and what it has.
type objectReader struct {
	mem      *snapshot
	layout   *layout
	classes  map[uint64]*class   // of the current look
	near     [nearClasses]*class // those that were asked for last
	interned map[string]uint64   // address of the str that was met last for a name
}

func newObjectReader(mem *snapshot, l *layout) *objectReader {
	return &objectReader{mem: mem, layout: l, interned: map[string]uint64{}}
}

// begin forgets the types of the last look.
func (o *objectReader) begin() {
	o.classes, o.near = map[uint64]*class{}, [nearClasses]*class{}
}

// noClass is that of what is no object.
func noClass() *class { return &class{} }

// typeOf is the type of an object; never nil.
func (o *objectReader) typeOf(object uint64) *class { return o.class(o.mem.word(object + 8)) }

// nearClasses is a power of two; types are at least 16 bytes apart.
const nearClasses = 64

func (o *objectReader) class(at uint64) *class {
	near := &o.near[at>>4%nearClasses]
	if *near != nil && (*near).at == at && at != 0 {
		return *near
	}
	if c := o.classes[at]; c != nil {
		*near = c
		return c
	}
	c := noClass()
	if o.mem.bytes(at, typeDictOffset+8) != nil {
		c = &class{
			at: at, name: o.mem.chars(o.mem.word(at + typeName)), flags: o.mem.word(at + typeFlags),
			size:       o.mem.word(at + typeSize),
			dictOffset: int64(o.mem.word(at + typeDictOffset)), base: o.mem.word(at + typeBase),
		}
	}
	o.classes[at] = c
	return c
}

// derives says whether a type has this name or one of its bases has.
func (o *objectReader) derives(c *class, name string) bool {
	for range maxBases {
		if c.name == name || strings.HasSuffix(c.name, name) && strings.HasSuffix(c.name, "."+name) {
			return true
		}
		if c.base == 0 {
			return false
		}
		c = o.class(c.base)
	}
	return false
}
