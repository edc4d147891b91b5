package symbols

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"io"
)

// symbolSize is how many bytes a symbol of a 64-bit file has (elf(5), Elf64_Sym).
const symbolSize = 24

// A table is one of the tables of symbols in a file, as it lies there. A large program has 200,000 of them, and a handful
// is asked for: none is made that was not.
type table struct {
	order   binary.ByteOrder
	symbols *elf.Section
	names   *elf.Section
	hash    *elf.Section // by which the dynamic linker finds its symbols; nil: there is none
}

// tableOf is a file's table of a kind; false: it has none, or one of 32 bits.
func tableOf(f *elf.File, kind elf.SectionType) (t table, found bool) {
	section := f.SectionByType(kind)
	if section == nil || f.Class != elf.ELFCLASS64 || int(section.Link) >= len(f.Sections) {
		return t, false
	}
	t = table{order: f.ByteOrder, symbols: section, names: f.Sections[section.Link]}
	if kind == elf.SHT_DYNSYM {
		t.hash = f.SectionByType(elf.SHT_GNU_HASH)
	}
	return t, true
}

// find hands each symbol of these names to found, in no order, until it wants no more. Symbols that the file only uses
// may be left out.
func (t table) find(names []string, found func(elf.Symbol) (more bool)) {
	if t.hash != nil {
		if h, err := t.readHash(); err == nil {
			for _, name := range names {
				if s, ok := h.find(name); ok && !found(s) {
					return
				}
			}
			return
		}
	}
	t.scan(names, found)
}

// maxTable bounds how much of a table is read, in bytes.
const maxTable = 512 << 20

// scan looks at each symbol.
func (t table) scan(names []string, found func(elf.Symbol) (more bool)) {
	all, text := whole(t.symbols), whole(t.names)
	wanted := map[string]bool{}
	for _, name := range names {
		wanted[name] = true
	}
	for ; len(all) >= symbolSize; all = all[symbolSize:] {
		at := uint64(t.order.Uint32(all))
		if at >= uint64(len(text)) {
			continue
		}
		end := bytes.IndexByte(text[at:], 0)
		if end < 0 || !wanted[string(text[at:at+uint64(end)])] {
			continue
		}
		if !found(t.symbol(all, string(text[at:at+uint64(end)]))) {
			return
		}
	}
}

// whole is all that a section holds; nothing where its file is shorter than it says, or it is too large.
func whole(section *elf.Section) []byte {
	if section.Size == 0 || section.Size > maxTable {
		return nil
	}
	if _, err := section.ReadAt(make([]byte, 1), int64(section.Size)-1); err != nil {
		return nil
	}
	all := make([]byte, section.Size)
	if _, err := section.ReadAt(all, 0); err != nil && err != io.EOF {
		return nil
	}
	return all
}

func (t table) symbol(b []byte, name string) elf.Symbol {
	return elf.Symbol{Name: name, Info: b[4], Other: b[5], Section: elf.SectionIndex(t.order.Uint16(b[6:])),
		Value: t.order.Uint64(b[8:]), Size: t.order.Uint64(b[16:])}
}

// A hashed table is found by the hash of a name: buckets of chains, each the symbols of one bucket in a row (the GNU
// hash section, as ld makes it; glibc, elf/dl-lookup.c).
type hashed struct {
	table
	first   uint32 // the number of the first symbol in it
	buckets []byte
	chains  int64 // where they lie in the section
}

func (t table) readHash() (h hashed, err error) {
	head := make([]byte, 16)
	if _, err = t.hash.ReadAt(head, 0); err != nil {
		return h, err
	}
	buckets, bloom := int64(t.order.Uint32(head)), int64(t.order.Uint32(head[8:]))
	from := 16 + 8*bloom
	h = hashed{table: t, first: t.order.Uint32(head[4:]), chains: from + 4*buckets}
	if buckets == 0 || uint64(h.chains) > t.hash.Size || t.hash.Size > maxTable {
		return h, io.ErrUnexpectedEOF
	}
	h.buckets = make([]byte, 4*buckets)
	_, err = t.hash.ReadAt(h.buckets, from)
	return h, err
}

// maxChain bounds how many symbols of one bucket are looked at; a few are there.
const maxChain = 4096

func (h hashed) find(name string) (elf.Symbol, bool) {
	sum := gnuHash(name)
	bucket := uint64(sum) % uint64(len(h.buckets)/4)
	number := h.order.Uint32(h.buckets[4*bucket:])
	if number < h.first {
		return elf.Symbol{}, false // an empty bucket
	}
	var link [4]byte
	for range maxChain {
		if _, err := h.hash.ReadAt(link[:], h.chains+4*int64(number-h.first)); err != nil {
			return elf.Symbol{}, false
		}
		of := h.order.Uint32(link[:])
		if of|1 == sum|1 {
			if s, ok := h.numbered(number, name); ok {
				return s, true
			}
		}
		if of&1 != 0 {
			break // the last of its chain
		}
		number++
	}
	return elf.Symbol{}, false
}

// numbered is a symbol by its number, if it has this name.
func (h hashed) numbered(number uint32, name string) (elf.Symbol, bool) {
	b := make([]byte, symbolSize)
	if _, err := h.symbols.ReadAt(b, symbolSize*int64(number)); err != nil {
		return elf.Symbol{}, false
	}
	text := make([]byte, len(name)+1)
	if _, err := h.names.ReadAt(text, int64(h.order.Uint32(b))); err != nil || string(text) != name+"\x00" {
		return elf.Symbol{}, false
	}
	return h.symbol(b, name), true
}

// gnuHash is the hash of a name in that section: Bernstein's, of 32 bits.
func gnuHash(name string) uint32 {
	sum := uint32(5381)
	for i := range len(name) {
		sum = sum*33 + uint32(name[i])
	}
	return sum
}
