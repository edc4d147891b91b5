package ruby

import "github.com/hangtime-dev/hangtime/stacks/foreign"

// A memory is a process's, as one look reads it and as Ruby's version lays it out.
type memory struct {
	*foreign.View
	layout *layout
}

// Bounds of what is read of one object.
const (
	maxText    = 4096
	maxEntries = 256
)

// Ruby's objects (include/ruby/internal/core and value_type.h): eight bytes of flags, its class, and what the type in
// the flags' lowest five bits says.
const (
	typeClass  = 0x02
	typeModule = 0x03
	typeString = 0x05
	typeArray  = 0x07
	typeFile   = 0x0b
	typeData   = 0x0c
	typeIMemo  = 0x1a

	flagShift = 12 // FL_USHIFT; an internal object (T_IMEMO) has its kind in the four bits from there

	kindMethod = 6 // imemo_ment
	kindCode   = 7 // imemo_iseq

	stringApart   = 1 << 13 // RSTRING_NOEMBED: the text lies elsewhere
	arrayEmbedded = 1 << 13 // RARRAY_EMBED_FLAG

	objectClass = 8
	classExt    = 24 // of 3.0 and 3.1

	fileIO = 16 // RFile.fptr
	ioFD   = 16 // rb_io_t.fd

	dataPointer  = 32 // RTypedData.data
	dataFlags    = 24 // RTypedData.typed_flag
	dataEmbedded = 2  // the data stand in the place of the pointer to them (since 3.3)
)

func kindOf(flags uint64) uint64 { return flags >> flagShift & 0xf }

// object is the flags of a value that is an object's address, and its type; 0: it is none (a number, nil, true, a
// symbol) or cannot be read.
func object(view memory, value uint64) (flags, kind uint64) {
	if value&7 != 0 || value < 0x100 {
		return 0, 0
	}
	flags = view.Word(value)
	return flags, flags & 0x1f
}

// text is the text of a String.
func text(view memory, value uint64) string {
	if value&7 != 0 || value < 0x100 {
		return ""
	}
	b := view.Block(value, 32)
	flags := b.Word(0)
	if flags&0x1f != typeString {
		return ""
	}
	switch {
	case flags&stringApart != 0:
		return textOf(view, b.Word(24), b.Word(16))
	case view.layout.longStrings:
		return textOf(view, value+24, b.Word(16))
	}
	return textOf(view, value+16, flags>>14&0x1f) // RSTRING_EMBED_LEN_MASK
}

func textOf(view memory, at, n uint64) string {
	if n > maxText {
		return ""
	}
	return view.Text(at, int(n), maxText)
}

// element is one of an Array; 0 where it has none there.
func element(view memory, array, index uint64) uint64 {
	if array&7 != 0 || array < 0x100 {
		return 0
	}
	b := view.Block(array, 40)
	flags := b.Word(0)
	if flags&0x1f != typeArray {
		return 0
	}
	at, n := b.Word(32), b.Word(16)
	if flags&arrayEmbedded != 0 {
		at, n = array+16, flags>>15&0x7f
	}
	if index >= n || n > 1<<32 {
		return 0
	}
	return view.Word(at + 8*index)
}

// pair is one of a table's.
type pair struct{ key, value uint64 }

// pairs are those of an st_table (include/ruby/st.h), in the order in which they were put in.
func pairs(view memory, table uint64) []pair {
	b := view.Block(table, 56)
	start, end, at := b.Word(32), b.Word(40), b.Word(48)
	if end <= start || end-start > maxEntries {
		return nil
	}
	entries := view.Block(at+24*start, int(24*(end-start))) // each: hash, key, value
	var all []pair
	for i := 0; i+24 <= len(entries); i += 24 {
		if entries.Word(i) != ^uint64(0) { // else it was deleted
			all = append(all, pair{entries.Word(i + 8), entries.Word(i + 16)})
		}
	}
	return all
}

// data is where an object that C code made has its structure; 0: it is none.
func data(view memory, value uint64) uint64 {
	_, kind := object(view, value)
	if kind != typeData {
		return 0
	}
	b := view.Block(value+dataFlags, 16)
	if b.Word(0)&dataEmbedded != 0 {
		return value + dataPointer
	}
	return b.Word(8)
}

// descriptor is that of an IO; -1 where the value is none.
func descriptor(view memory, value uint64) int {
	_, kind := object(view, value)
	if kind != typeFile {
		return -1
	}
	fd := int32(view.Block(view.Word(value+fileIO)+ioFD, 4).Uint32(0))
	if fd <= 0 {
		return max(int(fd), -1)
	}
	return int(fd)
}
