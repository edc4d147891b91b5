package proc

import (
	"bytes"
	"encoding/binary"
	"errors"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/hangtime-dev/hangtime/kernel/eintr"
)

// Numbers are the entries of a folder that are numbers: processes, threads, descriptors.
func Numbers(path string) ([]int, error) {
	var folder Folder
	defer folder.Close()
	var out []int
	err := folder.Entries(path, func(name []byte) {
		if v, ok := Decimal(name[:len(name)-1]); ok && v < 1<<31 {
			out = append(out, int(v))
		}
	})
	return out, err
}

// A Folder of /proc that stays open and is read again from its start. One goroutine may use it. The zero Folder is not open.
type Folder struct {
	fd   int
	open bool
	buf  []byte
}

// Close closes it, if it is open.
func (f *Folder) Close() {
	if f.open {
		unix.Close(f.fd)
		f.fd, f.open = 0, false
	}
}

// Entries hands over the name of each entry with the zero that ends it, "." and ".." among them; it is valid during
// the call. path is where the folder is, should it not be open.
func (f *Folder) Entries(path string, each func(name []byte)) error {
	if !f.open {
		fd, err := eintr.Retry(func() (int, error) {
			return unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC|unix.O_DIRECTORY, 0)
		})
		if err != nil {
			return err
		}
		f.fd, f.open = fd, true
	} else if _, err := unix.Seek(f.fd, 0, 0); err != nil {
		return err
	}
	if f.buf == nil {
		f.buf = make([]byte, 8192)
	}
	for {
		n, err := eintr.Retry(func() (int, error) { return unix.Getdents(f.fd, f.buf) })
		if err != nil || n <= 0 {
			return err
		}
		for rest := f.buf[:n]; len(rest) > 0; {
			name, size := entry(rest)
			if size == 0 {
				return errDirent
			}
			if len(name) > 0 {
				each(name)
			}
			rest = rest[size:]
		}
	}
}

var errDirent = errors.New("malformed entry of a folder")

// entry is the first struct linux_dirent64 of a text (getdents(2)): its name with the zero, and its length; 0: it is none.
func entry(text []byte) (name []byte, size int) {
	const lengthAt, nameAt = 16, 19
	if len(text) < nameAt {
		return nil, 0
	}
	size = int(binary.NativeEndian.Uint16(text[lengthAt:]))
	if size < nameAt || size > len(text) {
		return nil, 0
	}
	name = text[nameAt:size]
	if end := bytes.IndexByte(name, 0); end >= 0 {
		return name[:end+1], size
	}
	return nil, size
}

// Links hands over where each descriptor of a process leads, cut after 64 bytes: that is enough for what is no path.
// The folder must be one of this process only.
func (f *Folder) Links(fs FS, pid int, each func(link []byte)) error {
	var link [64]byte
	return f.Entries(fs.Path(pid, "fd"), func(name []byte) {
		if name[0] == '.' {
			return
		}
		n, _, errno := unix.Syscall6(unix.SYS_READLINKAT, uintptr(f.fd), uintptr(unsafe.Pointer(&name[0])),
			uintptr(unsafe.Pointer(&link[0])), uintptr(len(link)), 0, 0)
		if errno == 0 { // another one is closed by now
			each(link[:n])
		}
	})
}
