// Package board is what all processes of one server can read: the state of every recent task, and the arbiter's table
// of workers. It is one piece of shared memory that the arbiter makes and every worker inherits; it outlives any of
// them but not the machine's memory.
package board

import (
	"fmt"
	"os"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Name is what /proc/PID/fd shows the memory as.
const Name = "hangtime-board"

// Tasks is how many tasks are remembered. The state of the last Tasks accepted ones is exact however old they are;
// one more makes the oldest forgotten, whatever its state: it is `unknown` from then on, and should it still be
// running its end is not recorded.
const Tasks = 1 << 18

// Places is how many workers the table has room for: a reload has the old and the new ones at once.
const Places = 1024

type header struct {
	nonce  atomic.Uint64 // makes ids of an earlier server unknown to this one
	next   atomic.Uint64 // number of the newest task
	owners atomic.Uint64 // number of the newest worker process
	target atomic.Uint64 // workers that there should be
	start  atomic.Uint64 // when the arbiter started, CLOCK_MONOTONIC
	parent atomic.Uint64 // its pid
	queued queued
	_      [2]uint64
}

const (
	headerSize = int(unsafe.Sizeof(header{}))
	placeSize  = int(unsafe.Sizeof(Place{}))
	slotSize   = int(unsafe.Sizeof(slot{}))
	leaseSize  = int(unsafe.Sizeof(lease{}))
	size       = headerSize + Places*placeSize + Tasks*(slotSize+leaseSize)
)

// A slot holds one task. word is its number and state together, so that one compare-and-swap decides between its
// worker, which ends it, the arbiter, which calls it lost, and a newer task, which takes the slot.
type slot struct {
	word     atomic.Uint64 // number<<8 | state
	owner    atomic.Uint64
	who      atomic.Uint64 // pid<<32 | place
	accepted atomic.Uint64 // CLOCK_MONOTONIC, nanoseconds
	started  atomic.Uint64
	ended    atomic.Uint64
	holder   atomic.Uint64 // number of the worker process that an engine has lent it to; 0: none
	tries    atomic.Uint64 // how often it was started
}

// A Board is the memory as this process sees it.
type Board struct {
	memory []byte
	head   *header
	places []Place
	slots  []slot
	leases []lease
}

// Create makes the memory; pages that were never written cost nothing.
func Create(nonce uint32) (*os.File, *Board, error) {
	fd, err := unix.MemfdCreate(Name, unix.MFD_CLOEXEC)
	if err != nil {
		return nil, nil, fmt.Errorf("make the task table's memory: %w", err)
	}
	f := os.NewFile(uintptr(fd), Name)
	if err := f.Truncate(int64(size)); err != nil {
		return nil, nil, fmt.Errorf("size the task table's memory: %w", err)
	}
	b, err := Map(f)
	if err != nil {
		return nil, nil, err
	}
	b.head.nonce.Store(uint64(nonce))
	return f, b, nil
}

// Map makes the memory visible in this process.
func Map(f *os.File) (*Board, error) {
	memory, err := unix.Mmap(int(f.Fd()), 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return nil, fmt.Errorf("map the task table: %w", err)
	}
	return &Board{
		memory: memory,
		head:   (*header)(unsafe.Pointer(&memory[0])),
		places: unsafe.Slice((*Place)(unsafe.Pointer(&memory[headerSize])), Places),
		slots:  unsafe.Slice((*slot)(unsafe.Pointer(&memory[headerSize+Places*placeSize])), Tasks),
		leases: unsafe.Slice((*lease)(unsafe.Pointer(&memory[headerSize+Places*placeSize+Tasks*slotSize])), Tasks),
	}, nil
}

// Unmap gives the memory back.
func (b *Board) Unmap() error { return unix.Munmap(b.memory) }

// A Place is one line of the arbiter's table. Only the arbiter writes the first group, only the worker in the place
// the second.
type Place struct {
	Owner   atomic.Uint64 // number of the worker process; 0: the place is empty
	PID     atomic.Uint64
	Age     atomic.Uint64 // of all workers that the arbiter started, the how-manyth
	State   atomic.Uint64 // Starting, Ready, Leaving
	Started atomic.Uint64 // CLOCK_MONOTONIC, nanoseconds

	Beat     atomic.Uint64 // the worker's own last turn of its request side
	LoopBeat atomic.Uint64
	Requests atomic.Uint64
	InFlight atomic.Uint64
	_        [7]uint64
}

// What the arbiter knows of a worker.
const (
	Empty    = 0
	Starting = 1
	Ready    = 2
	Leaving  = 3
)

// StateName is the word for it.
func StateName(state uint64) string {
	switch state {
	case Starting:
		return "starting"
	case Ready:
		return "ready"
	case Leaving:
		return "leaving"
	}
	return "empty"
}

// Place is the line of place n, from 1; an arbiter that replaces its workers uses more places than it has workers.
func (b *Board) Place(n int) *Place { return &b.places[(n-1)%Places] }

// Held is how many tasks the workers say that they have to end.
func (b *Board) Held() int {
	held := uint64(0)
	for i := range b.places {
		if p := &b.places[i]; p.State.Load() != Empty {
			held += p.InFlight.Load()
		}
	}
	return int(held)
}

// NewOwner is a number for a worker process that no other ever had, unlike its pid.
func (b *Board) NewOwner() uint64 { return b.head.owners.Add(1) }

// SetArbiter and Arbiter are the arbiter's pid, when it started (CLOCK_MONOTONIC) and how many workers it wants.
func (b *Board) SetArbiter(pid int, start int64, target int) {
	b.head.parent.Store(uint64(pid))
	b.head.start.Store(uint64(start))
	b.head.target.Store(uint64(target))
}

// Arbiter is what SetArbiter said last.
func (b *Board) Arbiter() (pid int, start int64, target int) {
	return int(b.head.parent.Load()), int64(b.head.start.Load()), int(b.head.target.Load())
}
