package python

import "strings"

// An attributeReader reads what objects have under names: in a dict, in inline values, in a slot of their class.
type attributeReader struct {
	mem    *snapshot
	layout *layout
	types  *classReader
	dicts  *dictReader
}

// attribute is what an object's own dict, its inline values or a slot of its class has under a name; 0: nothing.
func (r *attributeReader) attribute(object uint64, name string) uint64 {
	if object == 0 {
		return 0
	}
	c := r.types.typeOf(object)
	if dict, keys, values := r.dictOf(object, c); dict != 0 {
		if value := r.dicts.lookup(dict, name); value != 0 {
			return value
		}
	} else if values != 0 {
		if value := r.dicts.valueAmong(keys, values, name); value != 0 {
			return value
		}
	}
	return r.slot(object, c, name)
}

// inherited is what an object has under a name, or else its class, or one of that class's bases; 0: nothing.
func (r *attributeReader) inherited(object uint64, name string) uint64 {
	if object == 0 {
		return 0
	}
	if value := r.attribute(object, name); value != 0 {
		return value
	}
	c := r.types.typeOf(object)
	for range maxBases {
		if value := r.dicts.lookup(r.mem.word(c.at+typeDict), name); c.at == 0 || value != 0 {
			return value
		}
		if c.base == 0 {
			return 0
		}
		c = r.types.class(c.base)
	}
	return 0
}

// at is what attributes lead to, one after the other: "server.requests".
func (r *attributeReader) at(object uint64, path string) uint64 {
	for name := range strings.SplitSeq(path, ".") {
		object = r.attribute(object, name)
	}
	return object
}

// dictOf is the dict of an object, or else the keys that its class keeps and the values that the object does.
func (r *attributeReader) dictOf(object uint64, c *class) (dict, keys, values uint64) {
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
func (r *attributeReader) slot(object uint64, c *class, name string) uint64 {
	for range maxBases {
		if c.at == 0 || c.size > 1<<20 {
			return 0
		}
		if member := r.dicts.lookup(r.mem.word(c.at+typeDict), name); member != 0 {
			if r.types.typeOf(member).name != "member_descriptor" {
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
		c = r.types.class(c.base)
	}
	return 0
}

// eachAttribute calls do for what an object has in its own dict or values until it says no.
func (r *attributeReader) eachAttribute(object uint64, do func(key, value uint64) bool) {
	dict, keys, values := r.dictOf(object, r.types.typeOf(object))
	if dict != 0 {
		r.dicts.each(dict, do)
	} else if t, ok := r.dicts.table(keys); ok && values != 0 {
		r.dicts.eachEntry(t, values, do)
	}
}
