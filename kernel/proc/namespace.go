package proc

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// FirstPIDNamespace is the inode of the machine's first pid namespace (PROC_PID_INIT_INO, include/linux/proc_ns.h).
const FirstPIDNamespace = 0xEFFFFFFC

// Namespace is the inode of the namespace of a kind ("net", "pid", "mnt", "user") that a process is in: the same for
// all that share it (namespaces(7)). It takes the right to trace it.
func (fs FS) Namespace(pid int, kind string) (uint64, error) {
	return namespace(fs.Path(pid, "ns/"+kind), kind)
}

// OwnNamespace is that of the reading process.
func (fs FS) OwnNamespace(kind string) (uint64, error) { return namespace(fs.Self("ns/"+kind), kind) }

func namespace(path, kind string) (uint64, error) {
	buf := make([]byte, 64)
	n, err := unix.Readlink(path, buf)
	if err != nil {
		return 0, fmt.Errorf("read %s: %w", path, err)
	}
	inode, ok := numbered(buf[:n], kind+":[")
	if !ok {
		return 0, errors.New("malformed link to a namespace: " + string(buf[:n]))
	}
	return inode, nil
}
