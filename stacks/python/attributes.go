package python

import "strings"

// attribute is what an object's own dict, its inline values or a slot of its class has under a name; 0: nothing.
func (o *objectReader) attribute(object uint64, name string) uint64 {
	if object == 0 {
		return 0
	}
	c := o.typeOf(object)
	if dict, keys, values := o.dictOf(object, c); dict != 0 {
		if value := o.lookup(dict, name); value != 0 {
			return value
		}
	} else if values != 0 {
		if value := o.valueAmong(keys, values, name); value != 0 {
			return value
		}
	}
	return o.slot(object, c, name)
}

// at is what attributes lead to, one after the other: "server.requests".
func (o *objectReader) at(object uint64, path string) uint64 {
	for name := range strings.SplitSeq(path, ".") {
		object = o.attribute(object, name)
	}
	return object
}

// dictOf is the dict of an object, or else the keys that its class keeps and the values that the object does.
func (o *objectReader) dictOf(object uint64, c *class) (dict, keys, values uint64) {
	const word = 8
	if !c.has(hasManagedDict) || o.layout.version < 0x030b {
		if c.dictOffset > 0 && c.dictOffset < 1<<20 {
			dict = o.mem.word(object + uint64(c.dictOffset))
		}
		return dict, 0, 0
	}
	cached := uint64(880) // ht_cached_keys
	switch o.layout.version {
	case 0x030b: // the dict right before the header of the collector, the values before that (pycore_object.h)
		cached = 872
		dict, values = o.mem.word(object-3*word), o.mem.word(object-4*word)
	case 0x030c: // one word for both; the lowest bit says which
		dict = o.mem.word(object - 3*word)
		if dict&1 == 1 {
			dict, values = 0, dict+1
		}
	default:
		dict = o.mem.word(object - 3*word)
		const valid, first = 3, 8 // struct _dictvalues
		inline := object + c.size
		if dict == 0 && c.has(hasInlineValues) && o.mem.octet(inline+valid) == 1 {
			values = inline + first
		}
	}
	if dict != 0 {
		return dict, 0, 0
	}
	return 0, o.mem.word(c.at + cached), values
}

// slot is what a member of __slots__ has: its descriptor in the class says where (PyMemberDescrObject,
// Include/descrobject.h).
func (o *objectReader) slot(object uint64, c *class, name string) uint64 {
	for range maxBases {
		if c.at == 0 || c.size > 1<<20 {
			return 0
		}
		if member := o.lookup(o.mem.word(c.at+typeDict), name); member != 0 {
			if o.typeOf(member).name != "member_descriptor" {
				return 0
			}
			const definition, kind, offset, objectKind, objectExKind = 40, 8, 16, 6, 16 // PyMemberDef; T_OBJECT, T_OBJECT_EX
			def := o.mem.word(member + definition)
			at := o.mem.word(def + offset)
			if k := o.mem.half(def + kind); k != objectKind && k != objectExKind || at >= c.size {
				return 0
			}
			return o.mem.word(object + at)
		}
		if c.base == 0 {
			return 0
		}
		c = o.class(c.base)
	}
	return 0
}

// eachAttribute calls do for what an object has in its own dict or values until it says no.
func (o *objectReader) eachAttribute(object uint64, do func(key, value uint64) bool) {
	dict, keys, values := o.dictOf(object, o.typeOf(object))
	if dict != 0 {
		o.each(dict, do)
	} else if t, ok := o.table(keys); ok && values != 0 {
		o.eachEntry(t, values, do)
	}
}
