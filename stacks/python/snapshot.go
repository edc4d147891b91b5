package python

import (
	"encoding/binary"
	"sync"

	"github.com/hangtime-dev/hangtime/kernel/memory"
)

const (
	pageSize = 4096
	// maxPages bounds what one look reads: 16 MiB, some 4 ms of processor time.
	maxPages = 4096
	// maxAddress is the end of user space with five levels of page tables (Documentation/arch/x86/x86_64/mm.rst).
	maxAddress = 1 << 56
)

// A snapshot is the memory of a process as one look saw it: each page is read once a look, so that a thousand small
// objects do not take a thousand system calls. What is in one page is of one moment.
type snapshot struct {
	read  func(address uint64, into []byte) error
	many  func([]memory.Piece)       // reads many at once; nil: it is not had
	again []uint64                   // numbers of the pages that the last look asked for: most are asked for by the next
	ahead map[uint64]*[pageSize]byte // these, read at once as the look began, until they are asked for
	pages map[uint64]*[pageSize]byte // by number; nil: it cannot be read
	spare *sync.Pool                 // of pages; those of one server's workers share it
	near  [nearPages]nearPage        // those that were asked for last, which are mostly asked for again
	asked int                        // pages read in this look
}

const nearPages = 64

type nearPage struct {
	number uint64
	page   *[pageSize]byte
}

// maxAgain bounds the pages that are read at once: 1 MiB.
const maxAgain = 256

// end ends a look. Slices that bytes gave are void from here on.
func (m *snapshot) end() {
	m.again = m.again[:0]
	for number, page := range m.pages {
		if page != nil && len(m.again) < maxAgain {
			m.again = append(m.again, number)
		}
	}
	m.forget()
}

// readAgain reads at once what the last look asked for: a system call for each page is most of what a look costs.
func (m *snapshot) readAgain() {
	if m.many == nil || len(m.again) == 0 {
		return
	}
	pieces := make([]memory.Piece, len(m.again))
	pages := make([]*[pageSize]byte, len(m.again))
	for i, number := range m.again {
		pages[i] = m.blank()
		pieces[i] = memory.Piece{Address: number * pageSize, Into: pages[i][:]}
	}
	m.many(pieces)
	for i, number := range m.again {
		if pieces[i].There {
			m.ahead[number] = pages[i]
		} else {
			m.spare.Put(pages[i])
		}
	}
}

// blank is a page to read into.
func (m *snapshot) blank() *[pageSize]byte {
	if page, ok := m.spare.Get().(*[pageSize]byte); ok {
		return page
	}
	return new([pageSize]byte)
}

// forget forgets all pages: what bytes gives from here on is read anew.
func (m *snapshot) forget() {
	if m.pages == nil {
		m.pages, m.ahead = map[uint64]*[pageSize]byte{}, map[uint64]*[pageSize]byte{}
	}
	for _, read := range []map[uint64]*[pageSize]byte{m.pages, m.ahead} {
		for _, page := range read {
			if page != nil {
				m.spare.Put(page)
			}
		}
		clear(read)
	}
	m.near, m.asked = [nearPages]nearPage{}, 0
}

// at is the page with a number; nil: it cannot be read, or this look has read enough.
func (m *snapshot) at(number uint64) *[pageSize]byte {
	near := &m.near[number%nearPages]
	if near.number == number && near.page != nil {
		return near.page
	}
	page, known := m.pages[number]
	if !known {
		if m.asked >= maxPages {
			return nil
		}
		m.asked++
		if page = m.ahead[number]; page != nil {
			delete(m.ahead, number)
		} else if page = m.blank(); m.read(number*pageSize, page[:]) != nil {
			m.spare.Put(page)
			page = nil
		}
		m.pages[number] = page
	}
	*near = nearPage{number, page}
	return page
}

// bytes are n bytes at an address, to be read only and only in this look; nil: they are not there.
func (m *snapshot) bytes(address uint64, n int) []byte {
	if address < pageSize || address >= maxAddress || n <= 0 || n > maxPages*pageSize {
		return nil
	}
	offset := address % pageSize
	if offset+uint64(n) <= pageSize {
		page := m.at(address / pageSize)
		if page == nil {
			return nil
		}
		return page[offset : offset+uint64(n)]
	}
	out := make([]byte, n)
	for done := 0; done < n; {
		page := m.at((address + uint64(done)) / pageSize)
		if page == nil {
			return nil
		}
		done += copy(out[done:], page[(address+uint64(done))%pageSize:])
	}
	return out
}

// word is a pointer or a size; 0 where nothing can be read.
func (m *snapshot) word(address uint64) uint64 {
	if b := m.bytes(address, 8); b != nil {
		return binary.LittleEndian.Uint64(b)
	}
	return 0
}

// half is an int; 0 where nothing can be read.
func (m *snapshot) half(address uint64) uint32 {
	if b := m.bytes(address, 4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

// octet is a char; 0 where nothing can be read.
func (m *snapshot) octet(address uint64) byte {
	if b := m.bytes(address, 1); b != nil {
		return b[0]
	}
	return 0
}

// chars reads a C string of at most 200 bytes, as types have their names in.
func (m *snapshot) chars(address uint64) string {
	const most = 200
	var out []byte
	for len(out) < most {
		// To the end of its page, since the next may not be there.
		n := min(most-len(out), int(pageSize-address%pageSize))
		raw := m.bytes(address, n)
		if raw == nil {
			return ""
		}
		for i, c := range raw {
			if c == 0 {
				return string(append(out, raw[:i]...))
			}
		}
		out = append(out, raw...)
		address += uint64(n)
	}
	return ""
}
