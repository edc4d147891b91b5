//go:build !amd64

package proc

import "golang.org/x/sys/unix"

// archCallNames has what the kernel's newer table of system calls has under another name than amd64's
// (include/uapi/asm-generic/unistd.h).
var archCallNames = map[int]string{
	unix.SYS_FSTATAT: "newfstatat",
	38:               "renameat", // riscv64 does without, so it has no name there
}
