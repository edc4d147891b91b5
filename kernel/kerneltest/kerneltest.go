// Package kerneltest helps tests of what only some kernels give to only some users: it says whether this test must get it.
package kerneltest

import (
	"os"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/hangtime-dev/hangtime/kernel/proc"
)

// NotHad says why something of the kernel's is not to be had. It must be had by one who may do all, on the machine
// itself, where the kernel shows by the file shown that it has it: there a program that the verifier refuses would
// otherwise go unnoticed.
func NotHad(t *testing.T, err error, shown string) {
	t.Helper()
	if machine(t) {
		if _, none := os.Stat(shown); none == nil {
			t.Fatal(err)
		}
	}
	t.Logf("not to be had here: %v", err)
}

// machine says whether the test may do all and is in no container: the machine's first pid and user namespaces and
// the network of its first process, with every capability that BPF takes, and no filter of system calls.
func machine(t *testing.T) bool {
	t.Helper()
	const (
		fs                 = proc.FS("/proc")
		firstUserNamespace = 0xEFFFFFFD // PROC_USER_INIT_INO, include/linux/proc_ns.h
	)
	inode := func(n uint64, err error) uint64 {
		if err != nil {
			return 0 // one that may not be read is another
		}
		return n
	}
	if inode(fs.OwnNamespace("pid")) != proc.FirstPIDNamespace ||
		inode(fs.OwnNamespace("user")) != firstUserNamespace ||
		inode(fs.OwnNamespace("net")) != inode(fs.Namespace(1, "net")) {
		return false
	}
	status, err := fs.OwnStatus()
	if err != nil {
		t.Fatal(err)
	}
	const needed = 1<<unix.CAP_SYS_ADMIN | 1<<unix.CAP_NET_ADMIN | 1<<unix.CAP_BPF | 1<<unix.CAP_PERFMON | 1<<unix.CAP_SYS_PTRACE
	return status.CapEff&needed == needed && status.Seccomp == 0
}
