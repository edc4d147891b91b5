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

// noClass is that of what is no object.
func noClass() *class { return &class{} }

// typeOf is the type of an object; never nil.
func (r *Reader) typeOf(object uint64) *class { return r.class(r.mem.word(object + 8)) }

// nearClasses is a power of two; types are at least 16 bytes apart.
const nearClasses = 64

func (r *Reader) class(at uint64) *class {
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
			at: at, name: r.chars(r.mem.word(at + typeName)), flags: r.mem.word(at + typeFlags),
			size:       r.mem.word(at + typeSize),
			dictOffset: int64(r.mem.word(at + typeDictOffset)), base: r.mem.word(at + typeBase),
		}
	}
	r.classes[at] = c
	return c
}

// derives says whether a type has this name or one of its bases has.
func (r *Reader) derives(c *class, name string) bool {
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

// attribute is what an object's own dict, its inline values or a slot of its class has under a name; 0: nothing.
func (r *Reader) attribute(object uint64, name string) uint64 {
	if object == 0 {
		return 0
	}
	c := r.typeOf(object)
	if dict, keys, values := r.dictOf(object, c); dict != 0 {
		if value := r.lookup(dict, name); value != 0 {
			return value
		}
	} else if values != 0 {
		if value := r.valueAmong(keys, values, name); value != 0 {
			return value
		}
	}
	return r.slot(object, c, name)
}

// dictOf is the dict of an object, or else the keys that its class keeps and the values that the object does.
func (r *Reader) dictOf(object uint64, c *class) (dict, keys, values uint64) {
	const word = 8
	if !c.has(hasManagedDict) || r.layout.version < 0x030b {
		if c.dictOffset > 0 && c.dictOffset < 1<<20 {
			dict = r.mem.word(object + uint64(c.dictOffset))
		}
		return dict, 0, 0
	}
	cached := uint64(880) // ht_cached_keys
	switch r.layout.version {
	case 0x030b: // the dict right before the header of the collector, the values before that (pycore_object.h)
		cached = 872
		dict, values = r.mem.word(object-3*word), r.mem.word(object-4*word)
	case 0x030c: // one word for both; the lowest bit says which
		dict = r.mem.word(object - 3*word)
		if dict&1 == 1 {
			dict, values = 0, dict+1
		}
	default:
		dict = r.mem.word(object - 3*word)
		const valid, first = 3, 8 // struct _dictvalues
		inline := object + c.size
		if dict == 0 && c.has(hasInlineValues) && r.mem.octet(inline+valid) == 1 {
			values = inline + first
		}
	}
	if dict != 0 {
		return dict, 0, 0
	}
	return 0, r.mem.word(c.at + cached), values
}

// slot is what a member of __slots__ has: its descriptor in the class says where (PyMemberDescrObject,
// Include/descrobject.h).
func (r *Reader) slot(object uint64, c *class, name string) uint64 {
	for range maxBases {
		if c.at == 0 || c.size > 1<<20 {
			return 0
		}
		if member := r.lookup(r.mem.word(c.at+typeDict), name); member != 0 {
			if r.typeOf(member).name != "member_descriptor" {
				return 0
			}
			const definition, kind, offset, objectKind, objectExKind = 40, 8, 16, 6, 16 // PyMemberDef; T_OBJECT, T_OBJECT_EX
			def := r.mem.word(member + definition)
			at := r.mem.word(def + offset)
			if k := r.mem.half(def + kind); k != objectKind && k != objectExKind || at >= c.size {
				return 0
			}
			return r.mem.word(object + at)
		}
		if c.base == 0 {
			return 0
		}
		c = r.class(c.base)
	}
	return 0
}

// number reads an int that fits (Include/cpython/longintrepr.h).
func (r *Reader) number(object uint64) (n int, ok bool) {
	if !r.typeOf(object).has(isLong) {
		return 0, false
	}
	size := int64(r.mem.word(object + 16))
	digits, negative := size, false
	if r.layout.version >= 0x030c {
		digits, negative = size>>3, size&3 == 2
	} else if size < 0 {
		digits, negative = -size, true
	}
	if digits < 0 || digits > 3 {
		return 0, false
	}
	value := uint64(0)
	for i := digits - 1; i >= 0; i-- {
		value = value<<30 | uint64(r.mem.half(object+24+4*uint64(i)))
	}
	if negative {
		return -int(value), true
	}
	return int(value), true
}
