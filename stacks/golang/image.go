package golang

import (
	"bytes"
	"encoding/binary"
	"fmt"
)

const (
	pageSize = 4096
	maxPages = 8192 // 32 MiB: more than the tables of a program of 100 MB that are ever looked at
	maxText  = 1024 // bytes of a function's name or a file's path
)

// An image is what of a process never changes once it is mapped: its tables of functions and lines. Pages are read
// when they are first asked for, and kept.
type image struct {
	memory func(address uint64, into []byte) error
	pages  map[uint64]*[pageSize]byte
}

func newImage(memory func(uint64, []byte) error) *image {
	return &image{memory: memory, pages: map[uint64]*[pageSize]byte{}}
}

// read fills into, whole, or gives an error.
func (m *image) read(at uint64, into []byte) error {
	for len(into) > 0 {
		page, err := m.page(at / pageSize)
		if err != nil {
			return err
		}
		n := copy(into, page[at%pageSize:])
		into, at = into[n:], at+uint64(n)
	}
	return nil
}

func (m *image) page(number uint64) (*[pageSize]byte, error) {
	if page := m.pages[number]; page != nil {
		return page, nil
	}
	page := new([pageSize]byte)
	if err := m.memory(number*pageSize, page[:]); err != nil {
		return nil, fmt.Errorf("read the program at %#x: %w", number*pageSize, err)
	}
	if len(m.pages) >= maxPages {
		clear(m.pages)
	}
	m.pages[number] = page
	return page, nil
}

// word is a 32-bit word; the programs that are read are all of the byte order of this one.
func (m *image) word(at uint64) (uint32, error) {
	var b [4]byte
	err := m.read(at, b[:])
	return binary.LittleEndian.Uint32(b[:]), err
}

// text is a string that ends with a zero byte.
func (m *image) text(at uint64) (string, error) {
	var all []byte
	for len(all) < maxText {
		page, err := m.page(at / pageSize)
		if err != nil {
			return "", err
		}
		part := page[at%pageSize:]
		if end := bytes.IndexByte(part, 0); end >= 0 {
			return string(append(all, part[:end]...)), nil
		}
		all, at = append(all, part...), at+uint64(len(part))
	}
	return "", fmt.Errorf("read a name at %#x: it has no end within %d bytes", at, maxText)
}
