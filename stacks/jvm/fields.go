package jvm

// field is where a field lies in the objects of a class or of one that it derives from; -1: it has none.
func (all *classes) field(at uint64, name string) int {
	c := all.class(at)
	if offset, known := c.fields[name]; known {
		return offset
	}
	offset := -1
	for class, depth := at, 0; class != 0 && depth < maxDepth && offset < 0; class, depth = all.class(class).super, depth+1 {
		offset = all.declared(class, name)
	}
	if !all.view.Spent() {
		c.fields[name] = offset
	}
	return offset
}

// Bounds of classes: how deep one derives, how many fields it declares, how large its objects are.
const (
	maxDepth     = 32
	maxFields    = 1024
	maxFieldsEnd = 1 << 16
)

// declared is where a field lies that a class itself declares; -1: it declares none of that name.
func (all *classes) declared(class uint64, name string) int {
	pool := all.view.Word(class + uint64(all.classConstants))
	switch {
	case all.fields >= 0:
		return all.fieldOfArray(class, pool, name)
	case all.fieldStream >= 0:
		return all.fieldOfStream(class, pool, name)
	}
	return -1
}

// fieldOfArray looks through the fields as HotSpot kept them to JDK 20 (fieldInfo.hpp): six numbers of 16 bits each,
// of which the last two are the offset, above two bits of a tag.
func (all *classes) fieldOfArray(class, pool uint64, name string) int {
	array := all.view.Word(class + uint64(all.fields))
	count := min(int(all.view.Block(array+uint64(all.arrayLength), 4).Uint32(0))/6, maxFields)
	if all.fieldCount >= 0 { // those behind are HotSpot's own
		count = min(count, int(all.view.Block(class+uint64(all.fieldCount), 2).Uint16(0)))
	}
	numbers := all.view.Block(array+uint64(all.shortsData), count*12)
	for i := 0; i+12 <= len(numbers); i += 12 {
		if all.constant(pool, uint32(numbers.Uint16(i+2))) == name {
			return int(uint32(numbers.Uint16(i+8))|uint32(numbers.Uint16(i+10))<<16) >> 2
		}
	}
	return -1
}

// fieldOfStream looks through the fields as HotSpot has kept them since JDK 21 (fieldInfo.hpp): compressed numbers;
// first how many fields there are, and how many are HotSpot's own.
func (all *classes) fieldOfStream(class, pool uint64, name string) int {
	array := all.view.Word(class + uint64(all.fieldStream))
	length := all.view.Block(array+uint64(all.arrayLength), 4).Uint32(0)
	s := newStream(all.version, all.view.Block(array+uint64(all.bytesData), int(min(length, maxFields*16))))
	count := min(s.number(), maxFields)
	s.number()
	for ; count > 0 && !s.over(); count-- {
		index := s.number()
		s.number() // its type
		offset := s.number()
		s.number() // its access flags
		flags := s.number()
		for _, bit := range []uint32{1, 4, 16} { // it has an initial value, a generic type, a group of contention
			if flags&bit != 0 {
				s.number()
			}
		}
		if all.constant(pool, index) == name {
			return int(min(offset, maxFieldsEnd))
		}
	}
	return -1
}
