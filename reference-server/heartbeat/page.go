// Package heartbeat is a worker's sign of life: a page of shared memory that costs no system call, or gunicorn's
// unlinked file. It says when a loop last turned; it does not say that work gets done.
package heartbeat

import (
	"encoding/binary"
	"fmt"
	"os"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Name is what /proc/PID/fd shows the page as: /memfd:hangtime-heartbeat (deleted).
const Name = "hangtime-heartbeat"

// Size of the page in bytes, and what its first eight bytes are, read as text.
const (
	Size  = 4096
	Magic = "HTbeat01"
)

// A Page is one worker's page. Each word is 64 bits in the machine's byte order, at the offset in its comment; times
// are nanoseconds of CLOCK_MONOTONIC. Every word is written by one thread and may be read by any process that opens
// /proc/PID/fd/N.
type Page struct {
	memory []byte

	magic       *atomic.Uint64 // 0
	Beat        *atomic.Uint64 // 8: last sign of life, from the side that heartbeat-from names; the arbiter goes by it
	Turns       *atomic.Uint64 // 16: turns of the event loop
	InFlight    *atomic.Uint64 // 24: tasks that were accepted and have not ended
	Requests    *atomic.Uint64 // 32: requests answered
	State       *atomic.Uint64 // 40: Booting, Running or Draining
	Busy        *atomic.Uint64 // 48: since when the request in work is worked on; 0: none
	PID         *atomic.Uint64 // 56
	LoopBeat    *atomic.Uint64 // 64: last turn of the event loop
	RequestBeat *atomic.Uint64 // 72: last turn of the request side
	LoopBusy    *atomic.Uint64 // 80: since when the event loop runs one callback; 0: it waits
}

// The states of a worker.
const (
	Booting  = 0
	Running  = 1
	Draining = 2
)

// Create makes the memory of a page.
func Create() (*os.File, error) {
	fd, err := unix.MemfdCreate(Name, unix.MFD_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("make the heartbeat's memory: %w", err)
	}
	f := os.NewFile(uintptr(fd), Name)
	if err := f.Truncate(Size); err != nil {
		return nil, fmt.Errorf("size the heartbeat's memory: %w", err)
	}
	return f, nil
}

// Map makes the page visible in this process; f may be closed afterwards, but a process that is to be watched from
// outside keeps it open.
func Map(f *os.File) (*Page, error) {
	memory, err := unix.Mmap(int(f.Fd()), 0, Size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return nil, fmt.Errorf("map the heartbeat: %w", err)
	}
	at := func(offset int) *atomic.Uint64 { return (*atomic.Uint64)(unsafe.Pointer(&memory[offset])) }
	p := &Page{memory: memory, magic: at(0), Beat: at(8), Turns: at(16), InFlight: at(24), Requests: at(32),
		State: at(40), Busy: at(48), PID: at(56),
		LoopBeat: at(64), RequestBeat: at(72), LoopBusy: at(80)}
	p.magic.Store(binary.NativeEndian.Uint64([]byte(Magic)))
	return p, nil
}

// Unmap gives the memory back; the page must not be used afterwards.
func (p *Page) Unmap() error { return unix.Munmap(p.memory) }
