package python

// maxEntries is how many entries of one dict, list or set are looked at: sys.modules of a large application has some
// thousands.
const maxEntries = 1 << 14

// A dictReader reads dicts, and the values that objects keep without one.
type dictReader struct {
	mem      *snapshot
	layout   *layout
	types    *classReader
	texts    *textReader
	interned map[string]uint64 // address of the str that was met last for a name
}

// dictKeys are the keys of a dict: struct _dictkeysobject (Objects/dict-common.h, pycore_dict.h).
type dictKeys struct {
	entries uint64 // address of the first
	n       int
	size    uint64 // of an entry: with its hash, or without where all keys are str
	key     uint64 // within an entry
}

func (r *dictReader) table(keys uint64) (t dictKeys, ok bool) {
	head := r.mem.bytes(keys, 40)
	if head == nil {
		return t, false
	}
	if r.layout.version < 0x030b {
		size, width := r.mem.word(keys+8), uint64(1)
		if size == 0 || size > 1<<24 {
			return t, false
		}
		if size > 0xff {
			width = 2
		}
		if size > 0xffff {
			width = 4
		}
		return dictKeys{entries: keys + 40 + size*width, n: int(min(r.mem.word(keys+32), maxEntries)), size: 24, key: 8}, true
	}
	const largest = 28 // logarithm of the bytes of a table of indices
	logarithm, kind := head[9], head[10]
	if logarithm > largest {
		return t, false
	}
	t = dictKeys{entries: keys + 32 + uint64(1)<<logarithm, n: int(min(r.mem.word(keys+24), maxEntries)), size: 16}
	if kind == 0 { // DICT_KEYS_GENERAL: each entry has its hash
		t.size, t.key = 24, 8
	}
	return t, true
}

// find is the place of a name among the keys; -1: it is not there. The names that are asked for are mostly interned,
// one object each: where it was met before, pointers are compared.
func (r *dictReader) find(t dictKeys, name string) int {
	if known := r.interned[name]; known != 0 {
		for i := range t.n {
			if r.mem.word(t.entries+uint64(i)*t.size+t.key) == known {
				return i
			}
		}
	}
	for i := range t.n {
		key := r.mem.word(t.entries + uint64(i)*t.size + t.key)
		if key != 0 && r.texts.is(key, name) {
			r.interned[name] = key
			return i
		}
	}
	return -1
}

// lookup is the value that a dict has under a name; 0: none, or it is no dict.
func (r *dictReader) lookup(dict uint64, name string) uint64 {
	if dict == 0 || !r.types.typeOf(dict).has(isDict) {
		return 0
	}
	keys, values := r.mem.word(dict+32), r.mem.word(dict+40)
	if values != 0 {
		return r.valueAmong(keys, splitValues(r.layout, values), name)
	}
	t, ok := r.table(keys)
	if !ok {
		return 0
	}
	if i := r.find(t, name); i >= 0 {
		return r.mem.word(t.entries + uint64(i)*t.size + t.key + 8)
	}
	return 0
}

// splitValues is where the first value is of a dict whose keys its class keeps.
func splitValues(l *layout, values uint64) uint64 {
	if l.version >= 0x030d {
		return values + 8
	}
	return values
}

// valueAmong is a value of an object whose class keeps the keys.
func (r *dictReader) valueAmong(keys, values uint64, name string) uint64 {
	t, ok := r.table(keys)
	if !ok {
		return 0
	}
	if i := r.find(t, name); i >= 0 {
		return r.mem.word(values + uint64(i)*8)
	}
	return 0
}

// each calls do for the entries of a dict until it says no.
func (r *dictReader) each(dict uint64, do func(key, value uint64) bool) {
	if dict == 0 || !r.types.typeOf(dict).has(isDict) {
		return
	}
	keys, values := r.mem.word(dict+32), r.mem.word(dict+40)
	t, ok := r.table(keys)
	if !ok {
		return
	}
	if values != 0 {
		values = splitValues(r.layout, values)
	}
	r.eachEntry(t, values, do)
}

func (r *dictReader) eachEntry(t dictKeys, values uint64, do func(key, value uint64) bool) {
	for i := range t.n {
		at := t.entries + uint64(i)*t.size + t.key
		key, value := r.mem.word(at), uint64(0)
		if key == 0 {
			continue
		}
		if values != 0 {
			value = r.mem.word(values + uint64(i)*8)
		} else {
			value = r.mem.word(at + 8)
		}
		if value != 0 && !do(key, value) {
			return
		}
	}
}
