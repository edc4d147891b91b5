// Package memory reads the memory of another process without stopping it. It writes none.
package memory

import (
	"errors"

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
