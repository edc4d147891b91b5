package probe

import (
	"errors"

	"golang.org/x/sys/unix"
)

var errShort = errors.New("only a part of it is there")

// readMemory fills into with another process's memory at an address, without stopping it (process_vm_readv(2)): what is read may change meanwhile, and be inconsistent.
// It needs the right to trace the process: the same user and, where Yama asks for it, CAP_SYS_PTRACE.
func readMemory(pid int, address uint64, into []byte) error {
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
		err = errShort
	}
	return err
}
