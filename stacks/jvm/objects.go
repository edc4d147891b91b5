package jvm

import (
	"math/bits"

	"github.com/hangtime-dev/hangtime/stacks/foreign"
)

// objects are those in Java's heap.
type objects struct {
	objectLayout
	settings *settings
	view     *foreign.View
	read     map[uint64]instance // in this look
}

// reference decodes a reference to an object as fields of objects have it.
func (o *objects) reference(fields foreign.Block, offset int) uint64 {
	if !o.settings.compressedObjects {
		return o.plain(fields.Word(offset))
	}
	narrow := uint64(fields.Uint32(offset))
	if narrow == 0 {
		return 0
	}
	return o.settings.objectBase + narrow<<o.settings.objectShift
}

// cell is the object that a cell of HotSpot's own has a reference to (OopHandle).
func (o *objects) cell(at uint64) uint64 {
	if at == 0 {
		return 0
	}
	return o.plain(o.view.Word(at))
}

// plain is the address in a reference. ZGC with generations keeps 16 bits beside it, of which one of the highest four
// says where the address begins: behind itself (zAddress.hpp).
func (o *objects) plain(reference uint64) uint64 {
	if !o.settings.colored {
		return reference
	}
	begins := bits.TrailingZeros64(reference >> colours & 0xf)
	if begins > 3 {
		return 0
	}
	return reference >> (colours + 1 + begins)
}

// colours is the lowest of the bits that say where the address begins (ZPointerRemappedShift on amd64).
const colours = 12

// An instance is an object as this look reads it.
type instance struct {
	class  uint64 // address of its class
	fields foreign.Block
}

// instanceBytes is what is read of an object at once: most are smaller.
const instanceBytes = 128

// instance reads an object, once for a look.
func (o *objects) instance(object uint64) instance {
	if known, ok := o.read[object]; ok || object == 0 {
		return known
	}
	// Not over the edge of a page: what follows may not be there.
	i := instance{fields: o.view.Block(object, int(min(instanceBytes, pageSize-object%pageSize)))}
	if len(i.fields) < o.klass+8 {
		i.fields = o.view.Block(object, o.klass+8)
	}
	if o.settings.compactHeaders {
		i.class = o.settings.classBase + i.fields.Word(0)>>o.markShift<<o.settings.classShift
	} else if !o.settings.compressedClasses {
		i.class = i.fields.Word(o.klass)
	} else if narrow := uint64(i.fields.Uint32(o.klass)); narrow != 0 {
		i.class = o.settings.classBase + narrow<<o.settings.classShift
	}
	o.read[object] = i
	return i
}

// part is n bytes of an object from an offset on; nil where they cannot be read.
func (o *objects) part(object uint64, offset, n int) foreign.Block {
	if fields := o.instance(object).fields; offset+n <= len(fields) {
		return fields[offset : offset+n]
	}
	return o.view.Block(object+uint64(offset), n) // it goes on behind the edge of a page
}

// classOf is the address of an object's class.
func (o *objects) classOf(object uint64) uint64 { return o.instance(object).class }

// ofBytes is where an array of bytes has its length, and its first element: its length follows its header, of which a
// compressed class leaves the second half free.
func (o *objects) ofBytes() (length, elements int) {
	switch {
	case o.settings.compactHeaders:
		return o.klass, o.klass + 4
	case o.settings.compressedClasses:
		return o.klass + 4, o.klass + 8
	case o.tight:
		return o.klass + 8, o.klass + 12
	}
	return o.klass + 8, o.klass + 16 // aligned to eight bytes
}
