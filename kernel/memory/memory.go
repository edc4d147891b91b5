// Package memory reads the memory of another process without stopping it. It writes none.
package memory

import (
	"errors"
	"unsafe"

	"golang.org/x/sys/unix"
)

// ErrShort says that only a part of what was asked for is mapped.
var ErrShort = errors.New("only a part of it is there")

// Read fills into with a process's memory at an address (process_vm_readv(2)): whole, or an error. The process goes
// on meanwhile, so what is read may be inconsistent. It needs the right to trace the process: the same user and,
// where Yama asks for it, CAP_SYS_PTRACE.
func Read(pid int, address uint64, into []byte) error {
	if len(into) == 0 {
		return nil
	}
	if address == 0 || address > 1<<63 {
		return unix.EFAULT
	}
	local := unix.Iovec{Base: &into[0]}
	local.SetLen(len(into))
	n, err := unix.ProcessVMReadv(pid, []unix.Iovec{local}, []unix.RemoteIovec{{Base: uintptr(address), Len: len(into)}}, 0)
	if err == nil && n < len(into) {
		err = ErrShort
	}
	return err
}

// A Piece is some memory of a process.
type Piece struct {
	Address uint64
	Into    []byte // filled with what is there
	There   bool   // it was filled, whole
}

// mostPieces is how many one system call reads at most (IOV_MAX).
const mostPieces = 1024

// ReadPieces fills all pieces that are there, in few system calls: one, where all are.
func ReadPieces(pid int, pieces []Piece) {
	local, remote := make([]unix.Iovec, len(pieces)), make([]unix.RemoteIovec, len(pieces))
	for i := range pieces {
		local[i].Base = unsafe.SliceData(pieces[i].Into)
		local[i].SetLen(len(pieces[i].Into))
		remote[i] = unix.RemoteIovec{Base: uintptr(pieces[i].Address), Len: len(pieces[i].Into)}
	}
	for at := 0; at < len(pieces); at++ { // behind those that are there is one that is not
		to := min(at+mostPieces, len(pieces))
		n, err := unix.ProcessVMReadv(pid, local[at:to], remote[at:to], 0)
		if err != nil && !errors.Is(err, unix.EFAULT) {
			return // it is gone, or may not be read
		}
		for ; at < to && n >= len(pieces[at].Into); at++ {
			n -= len(pieces[at].Into)
			pieces[at].There = true
		}
	}
}
