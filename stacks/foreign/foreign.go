// Package foreign reads the values of a program's language from another process's memory: words, strings, structures.
// Every address in there may be wrong, because the process goes on meanwhile, so a value that cannot be had is the zero
// value, and all reads of one look share one budget. It knows no runtime.
package foreign

import (
	"bytes"
	"encoding/binary"
	"unicode/utf8"
)

// A View is another process's memory during one look.
type View struct {
	// Memory fills into with what is at an address: whole, or an error.
	Memory func(address uint64, into []byte) error
	// Reads and Bytes are what may still be read; each read takes from them. One read of some hundred bytes takes about
	// a microsecond of processor time.
	Reads, Bytes int
}

// Spent says that the budget is used up: all that is read from now on is zero.
func (v *View) Spent() bool { return v.Reads <= 0 || v.Bytes <= 0 }

// Block is the n bytes at an address, or nil.
func (v *View) Block(address uint64, n int) Block {
	if address < lowest || address > highest || n <= 0 || n > v.Bytes || v.Reads <= 0 {
		return nil
	}
	v.Reads--
	v.Bytes -= n
	b := make([]byte, n)
	if v.Memory(address, b) != nil {
		return nil
	}
	return b
}

// A user's program has nothing in its first page (vm.mmap_min_addr) nor above 2^56, the most that a processor of amd64
// or arm64 addresses for it.
const (
	lowest  = 4096
	highest = 1 << 56
)

// Word is the eight bytes at an address, an address mostly; 0 where they cannot be read.
func (v *View) Word(address uint64) uint64 { return v.Block(address, 8).Word(0) }

// Text is the string of n bytes at an address; empty where it cannot be read, is longer than most, or is no text.
func (v *View) Text(address uint64, n, most int) string {
	if n <= 0 || n > most {
		return ""
	}
	return text(v.Block(address, n))
}

// CString is the string at an address up to its NUL; empty where it cannot be read, is longer than most, or is no text.
func (v *View) CString(address uint64, most int) string {
	var all []byte
	for len(all) <= most {
		at := address + uint64(len(all))
		piece := v.Block(at, int(stride-at%stride)) // never over the edge of a page: what follows may not be there
		if piece == nil {
			return ""
		}
		if end := bytes.IndexByte(piece, 0); end >= 0 {
			all = append(all, piece[:end]...)
			if len(all) > most {
				return ""
			}
			return text(all)
		}
		all = append(all, piece...)
	}
	return ""
}

// stride divides the size of a page.
const stride = 256

// text is what a name, a path or an address of the web looks like: UTF-8 without control characters.
func text(b []byte) string {
	if !utf8.Valid(b) {
		return ""
	}
	for _, c := range b {
		if c < ' ' || c == 0x7f {
			return ""
		}
	}
	return string(b)
}

// A Block is a structure of another process. What lies behind its end is zero.
type Block []byte

// Word is the eight bytes at an offset.
func (b Block) Word(offset int) uint64 {
	if offset < 0 || offset+8 > len(b) {
		return 0
	}
	return binary.NativeEndian.Uint64(b[offset:])
}

// Uint32 is the four bytes at an offset.
func (b Block) Uint32(offset int) uint32 {
	if offset < 0 || offset+4 > len(b) {
		return 0
	}
	return binary.NativeEndian.Uint32(b[offset:])
}

// Uint16 is the two bytes at an offset.
func (b Block) Uint16(offset int) uint16 {
	if offset < 0 || offset+2 > len(b) {
		return 0
	}
	return binary.NativeEndian.Uint16(b[offset:])
}

// Byte is the byte at an offset.
func (b Block) Byte(offset int) byte {
	if offset < 0 || offset >= len(b) {
		return 0
	}
	return b[offset]
}
