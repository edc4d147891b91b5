package bpf

import (
	"fmt"
	"io"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/hangtime-dev/hangtime/kernel/eintr"
)

// SocketsOf appends the sockets of one watched process, whose descriptors alone are gone through. It needs Linux 6.1,
// from which on an iterator can be bound to a process.
func (it *Iterators) SocketsOf(into []SocketRow, pid int) ([]SocketRow, error) {
	// What cilium/ebpf makes cannot be bound. The link of struct bpf_link_create.iter_info is of struct task (<linux/bpf.h>).
	of := struct{ thread, process, pidfd uint32 }{process: uint32(pid)}
	link, err := call(unix.BPF_LINK_CREATE, &linkCreate{
		program: uint32(it.onSocket.FD()), attach: unix.BPF_TRACE_ITER,
		info: unsafe.Pointer(&of), infoSize: uint32(unsafe.Sizeof(of)),
	})
	if err != nil {
		return into, fmt.Errorf("bind a BPF iterator to a process: %w", err)
	}
	defer unix.Close(link)
	file, err := call(unix.BPF_ITER_CREATE, &iterCreate{link: uint32(link)})
	if err != nil {
		return into, fmt.Errorf("open a BPF iterator of a process: %w", err)
	}
	defer unix.Close(file)
	err = it.each(descriptor(file), socketRowSize, func(row []byte) { into = append(into, socketRow(row)) })
	return into, err
}

// The arguments of bpf(2) to attach an iterator, and to make a file of it.
type (
	linkCreate struct {
		program, _, attach, _ uint32         // the others are its target, and flags
		info                  unsafe.Pointer // the kernel takes 64 bits: on a machine of 32 the call fails
		infoSize, _           uint32
	}
	iterCreate struct{ link, _ uint32 }
)

// call makes a system call bpf(2) that returns a descriptor.
func call[A linkCreate | iterCreate](command uintptr, argument *A) (int, error) {
	fd, _, errno := unix.Syscall(unix.SYS_BPF, command, uintptr(unsafe.Pointer(argument)), unsafe.Sizeof(*argument))
	if errno != 0 {
		return 0, errno
	}
	return int(fd), nil
}

// A descriptor is read as it is: an os.File would make it known to Go's poller each time.
type descriptor int

func (d descriptor) Read(into []byte) (int, error) {
	n, err := eintr.Retry(func() (int, error) { return unix.Read(int(d), into) })
	if n == 0 && err == nil {
		err = io.EOF
	}
	return max(n, 0), err
}
