package python

// A containerReader reads tuples, lists, sets and queues.
type containerReader struct {
	mem    *snapshot
	layout *layout
	types  *classReader
}

// items are those of a tuple or a list, at most n.
func (r *containerReader) items(object uint64, n int) []uint64 {
	c := r.types.typeOf(object)
	at := object + 24
	switch {
	case c.has(isTuple) && r.layout.version >= 0x030e: // which keeps its hash before them (Include/cpython/tupleobject.h)
		at = object + 32
	case c.has(isTuple):
	case c.has(isList):
		at = r.mem.word(object + 24)
	default:
		return nil
	}
	n = int(min(uint64(n), r.mem.word(object+16)))
	out := make([]uint64, 0, min(n, 64))
	for i := range n {
		item := r.mem.word(at + 8*uint64(i))
		if item == 0 {
			break
		}
		out = append(out, item)
	}
	return out
}

// members are those of a set, at most n (Include/cpython/setobject.h).
func (r *containerReader) members(object uint64, n int) []uint64 {
	if c := r.types.typeOf(object); c.name != "set" && c.name != "frozenset" {
		return nil
	}
	mask, entries := r.mem.word(object+32), r.mem.word(object+40)
	left := r.mem.word(object + 24)
	var out []uint64
	for i := uint64(0); i <= mask && i < 16*maxEntries && len(out) < n && left > 0; i++ {
		// An entry that was deleted has a key that stands for none, and the hash -1.
		if key, hash := r.mem.word(entries+16*i), r.mem.word(entries+16*i+8); key != 0 && hash != ^uint64(0) {
			out = append(out, key)
			left--
		}
	}
	return out
}

// queued are those of a deque, at most n (Modules/_collectionsmodule.c): blocks of 64 in a chain.
func (r *containerReader) queued(object uint64, n int) []uint64 {
	if r.types.typeOf(object).name != "collections.deque" {
		return nil
	}
	const blockItems, first, next = 64, 8, 8 + 8*64 // data and rightlink of a block
	block, index := r.mem.word(object+24), r.mem.word(object+40)
	var out []uint64
	for range min(uint64(n), r.mem.word(object+16)) {
		if index >= blockItems {
			block, index = r.mem.word(block+next), 0
		}
		out = append(out, r.mem.word(block+first+8*index))
		index++
	}
	return out
}

// size is that of a list, tuple, deque or set, of a dict what it has in use; -1: it is none of these.
func (r *containerReader) size(object uint64) int {
	c := r.types.typeOf(object)
	at := uint64(16)
	switch {
	case c.has(isTuple), c.has(isList), c.has(isDict), c.name == "collections.deque":
	case c.name == "set", c.name == "frozenset":
		at = 24
	default:
		return -1
	}
	if n := r.mem.word(object + at); n < 1<<32 {
		return int(n)
	}
	return -1
}

// simpleQueue is how many a _queue.SimpleQueue has (Modules/_queuemodule.c), and the first of them: to 3.12 those of a list
// from a place on, then those of a ring.
func (r *containerReader) simpleQueue(queue uint64, most int) (n int, first []uint64) {
	const list, taken = 32, 40                      // lst, lst_pos
	const next, items, room, count = 32, 40, 48, 56 // from 3.13: get_idx, items, items_cap, num_items of buf
	var all, from, at, size uint64
	if r.layout.version < 0x030d {
		whole := r.mem.word(queue + list)
		from = r.mem.word(queue + taken)
		all, at = uint64(max(0, r.size(whole)))-from, r.mem.word(whole+24)
		size = from + all
	} else {
		all, from, at, size = r.mem.word(queue+count), r.mem.word(queue+next), r.mem.word(queue+items), r.mem.word(queue+room)
	}
	if all > 1<<32 || size == 0 {
		return 0, nil
	}
	for i := range min(all, uint64(most)) {
		first = append(first, r.mem.word(at+8*((from+i)%size)))
	}
	return int(all), first
}
