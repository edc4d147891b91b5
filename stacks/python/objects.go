package python

// An objectReader reads CPython's objects: of which type each is, and what it has.
type objectReader struct {
	mem    *snapshot
	layout *layout
	*classReader
	*textReader
	*dictReader
	*attributeReader
	*containerReader
}

func newObjectReader(mem *snapshot, l *layout) *objectReader {
	types := &classReader{mem: mem}
	texts := &textReader{mem: mem, layout: l, types: types}
	dicts := &dictReader{mem: mem, layout: l, types: types, texts: texts, interned: map[string]uint64{}}
	return &objectReader{
		mem: mem, layout: l, classReader: types, textReader: texts, dictReader: dicts,
		attributeReader: &attributeReader{mem: mem, layout: l, types: types, dicts: dicts},
		containerReader: &containerReader{mem: mem, layout: l, types: types},
	}
}
