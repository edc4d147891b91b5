package python

import (
	"bytes"
	"debug/elf"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"

	"github.com/hangtime-dev/hangtime/stacks"
	"github.com/hangtime-dev/hangtime/stacks/symbols"
)

const (
	maxFiles   = 1024     // mapped files of a process that are looked into
	maxStrings = 16 << 20 // bytes of a file's table of names
	// maxKnown bounds what is kept of files: some hundred bytes each.
	maxKnown = 1 << 14
)

// An image is what a file has of an interpreter: where, counted from the address of its first byte.
type image struct {
	runtime, version uint64        // of _PyRuntime and Py_Version; 0: it has none
	asyncio          *asyncOffsets // what 3.14's _asyncio tells of itself
}

// An imageCache keeps what files have. Any goroutine may use it.
type imageCache struct {
	mu    sync.Mutex
	known map[string]image // by path and inode
}

// asyncio finds what the file of _asyncio says of itself; nil: it is not mapped, or says nothing.
func (s *imageCache) asyncio(process stacks.Process) *asyncOffsets {
	files, err := symbols.Files(process.Proc, process.PID)
	if err != nil {
		return nil
	}
	for _, file := range files[:min(len(files), maxFiles)] {
		if strings.HasPrefix(filepath.Base(file.Path), "_asyncio.") || likely(file.Path) == 0 {
			if found, err := s.look(file); err == nil && found.asyncio != nil {
				return found.asyncio
			}
		}
	}
	return nil
}

// likely puts the files first that mostly have the interpreter.
func likely(path string) int {
	name := filepath.Base(path)
	switch {
	case strings.Contains(name, ".cpython-"): // an extension
		return 2
	case strings.Contains(name, "python"), strings.HasPrefix(name, "uwsgi"):
		return 0
	}
	return 1
}

// look says what a file has, from what is known of it if it was looked into before.
func (s *imageCache) look(file symbols.Mapped) (image, error) {
	key := file.Path + " " + file.Inode
	s.mu.Lock()
	defer s.mu.Unlock()
	if found, known := s.known[key]; known {
		return found, nil
	}
	found, err := readImage(file)
	if errors.Is(err, os.ErrPermission) || errors.Is(err, os.ErrNotExist) {
		return found, err
	}
	if s.known == nil || len(s.known) >= maxKnown {
		s.known = map[string]image{}
	}
	s.known[key] = found // what is no ELF file stays none
	return found, nil
}

func readImage(file symbols.Mapped) (image, error) {
	var out image
	object, err := file.Open()
	if err != nil {
		return out, err
	}
	defer func() { _ = object.Close() }()
	if strings.HasPrefix(filepath.Base(file.Path), "_asyncio.") || likely(file.Path) == 0 {
		out.asyncio = asyncIn(object.File)
	}
	names := object.SectionByType(elf.SHT_STRTAB)
	if section := object.Section(".dynstr"); section != nil {
		names = section
	}
	if names == nil || names.Size > maxStrings {
		return out, nil
	}
	if text, err := names.Data(); err != nil || !bytes.Contains(text, []byte("\x00_PyRuntime\x00")) {
		return out, err
	}
	// A file that only uses them has no address for them.
	for name, at := range object.Exported("_PyRuntime", "Py_Version") {
		switch name {
		case "_PyRuntime":
			out.runtime = at - file.Start
		case "Py_Version":
			out.version = at - file.Start
		}
	}
	return out, nil
}

// versionIn reads "python3.10", "libpython3.10.so.1.0" or "/lib/python3.10/lib-dynload/x.so" as 3.10 in
// PY_VERSION_HEX's places; 0: it says none.
func versionIn(path string) uint32 {
	_, rest, found := strings.Cut(path, "python3.")
	if !found {
		return 0
	}
	digits := 0
	for digits < len(rest) && rest[digits] >= '0' && rest[digits] <= '9' {
		digits++
	}
	minor, err := strconv.ParseUint(rest[:digits], 10, 8)
	if err != nil {
		return 0
	}
	return 3<<24 | uint32(minor)<<16
}
