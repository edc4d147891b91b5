package proc

import (
	"strconv"

	"golang.org/x/sys/unix"
)

// A Descriptor is an open file of a process, by its number.
type Descriptor struct {
	fs          FS
	pid, number int
}

// Descriptor is one of a process.
func (fs FS) Descriptor(pid, fd int) Descriptor { return Descriptor{fs, pid, fd} }

func (d Descriptor) path() string { return d.fs.Path(d.pid, "fd/"+strconv.Itoa(d.number)) }

// Link is where a descriptor of a process leads, as the kernel words it (proc_pid_fd(5)); it asks no file system, so
// it cannot hang on a broken one.
func (d Descriptor) Link() (string, error) {
	return readLink(d.path())
}

// Folder is the working folder of a process, from which its relative paths lead on.
func (fs FS) Folder(pid int) (string, error) { return readLink(fs.Path(pid, "cwd")) }

func readLink(path string) (string, error) {
	buf := make([]byte, 4096)
	n, err := unix.Readlink(path, buf)
	if err != nil {
		return "", err
	}
	return string(buf[:n]), nil
}

// SocketInode reads "socket:[123]".
func SocketInode[text string | []byte](link text) (uint32, bool) {
	n, ok := numbered(link, "socket:[")
	return uint32(n), ok && n < 1<<32
}

// PipeInode reads "pipe:[123]".
func PipeInode[text string | []byte](link text) (uint64, bool) { return numbered(link, "pipe:[") }

// numbered reads the number behind before and in front of "]".
func numbered[text string | []byte](link text, before string) (uint64, bool) {
	if len(link) <= len(before) || string(link[:len(before)]) != before || link[len(link)-1] != ']' {
		return 0, false
	}
	return Decimal([]byte(link[len(before) : len(link)-1]))
}

// IsFIFO says whether a descriptor is a named pipe, without asking a file system that may hang.
func (d Descriptor) IsFIFO() bool {
	var st unix.Statx_t
	// DONT_SYNC: what the kernel knows already; a file system that hangs is not asked.
	err := unix.Statx(unix.AT_FDCWD, d.path(), unix.AT_STATX_DONT_SYNC, unix.STATX_TYPE, &st)
	return err == nil && st.Mode&unix.S_IFMT == unix.S_IFIFO
}

// PipeFill is how many bytes are in a pipe, and how many it holds (pipe(7), F_GETPIPE_SZ of fcntl(2)); -1: not known.
// It makes us a reader for a moment.
func (d Descriptor) PipeFill() (fill, size int) {
	// The kernel opens the pipe itself, non-blocking; it is closed at once, for meanwhile a writer would not learn
	// that the last true reader has gone.
	file, err := unix.Open(d.path(), unix.O_RDONLY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return -1, -1
	}
	defer unix.Close(file)
	fill, err = unix.IoctlGetInt(file, unix.TIOCINQ) // FIONREAD
	if err != nil {
		fill = -1
	}
	size, err = unix.FcntlInt(uintptr(file), unix.F_GETPIPE_SZ, 0)
	if err != nil {
		size = -1
	}
	return fill, size
}
