// Package board is what all processes of one server can read: the state of every recent task, and the arbiter's table
// of workers. It is one piece of shared memory that the arbiter makes and every worker inherits; it outlives any of
// them but not the machine's memory.
package board

import (
	"fmt"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Name is what /proc/PID/fd shows the memory as.
const Name = "hangtime-board"

const (
	headerSize = int(unsafe.Sizeof(header{}))
	placeSize  = int(unsafe.Sizeof(Place{}))
	slotSize   = int(unsafe.Sizeof(slot{}))
	leaseSize  = int(unsafe.Sizeof(lease{}))
	size       = headerSize + Places*placeSize + Tasks*(slotSize+leaseSize)
)

// A Board is the memory as this process sees it.
type Board struct {
	memory  []byte
	Workers *WorkerTable
	Tasks   *TaskTable
	IDs     *IDs
	Leases  *LeaseTable
	Keys    *KeyTable
	Queue   *QueueAccount
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
	b.IDs.head.nonce.Store(uint64(nonce))
	return f, b, nil
}

// Map makes the memory visible in this process.
func Map(f *os.File) (*Board, error) {
	memory, err := unix.Mmap(int(f.Fd()), 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return nil, fmt.Errorf("map the task table: %w", err)
	}
	head := (*header)(unsafe.Pointer(&memory[0]))
	places := unsafe.Slice((*Place)(unsafe.Pointer(&memory[headerSize])), Places)
	slots := unsafe.Slice((*slot)(unsafe.Pointer(&memory[headerSize+Places*placeSize])), Tasks)
	leases := unsafe.Slice((*lease)(unsafe.Pointer(&memory[headerSize+Places*placeSize+Tasks*slotSize])), Tasks)
	tasks := &TaskTable{head: head, slots: slots, leases: leases}
	return &Board{
		memory:  memory,
		Workers: &WorkerTable{head: head, places: places},
		Tasks:   tasks,
		IDs:     &IDs{head: head},
		Leases:  &LeaseTable{head: head, slots: slots, leases: leases},
		Keys:    &KeyTable{head: head, leases: leases, tasks: tasks},
		Queue:   &QueueAccount{queued: &head.queued},
	}, nil
}

// Unmap gives the memory back.
func (b *Board) Unmap() error { return unix.Munmap(b.memory) }
