package jvm

import "github.com/hangtime-dev/hangtime/stacks/foreign"

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
		return fields.Word(offset)
	}
	narrow := uint64(fields.Uint32(offset))
	if narrow == 0 {
		return 0
	}
	return o.settings.objectBase + narrow<<o.settings.objectShift
}

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
	if !o.settings.compressedClasses {
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
