package python

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/hangtime-dev/hangtime/stacks"
	"github.com/hangtime-dev/hangtime/stacks/symbols"
)

const (
	maxFiles   = 1024     // mapped files of a process that are looked into
	maxStrings = 16 << 20 // bytes of a file's table of names
	// maxKnown bounds what a Finder keeps of files: some hundred bytes each.
	maxKnown = 1 << 14
)

// A Finder opens processes and keeps what it learnt of their files, so that the workers of one server, which have
// mapped the same, cost one look into each file. Any goroutine may use it.
type Finder struct {
	mu    sync.Mutex
	known map[string]image // by path and inode
	once  sync.Once
	spots *spots
	pages sync.Pool
}

// An image is what a file has of an interpreter: where, counted from the address of its first byte.
type image struct {
	runtime, version uint64        // of _PyRuntime and Py_Version; 0: it has none
	asyncio          *asyncOffsets // what 3.14's _asyncio tells of itself
}

// Open finds a CPython interpreter in a process.
func (f *Finder) Open(process stacks.Process) (*Reader, error) {
	f.once.Do(func() { f.spots = newSpots() })
	files, err := symbols.Files(process.Proc, process.PID)
	if err != nil {
		return nil, err
	}
	if len(files) > maxFiles {
		files = files[:maxFiles]
	}
	slices.SortStableFunc(files, func(a, b symbols.Mapped) int { return likely(a.Path) - likely(b.Path) })
	for _, file := range files {
		found, err := f.look(file)
		if err != nil {
			if errors.Is(err, os.ErrPermission) {
				return nil, err
			}
			continue // no ELF file, or one that is gone
		}
		if found.runtime == 0 {
			continue
		}
		version := versionIn(file.Path)
		if found.version != 0 {
			var b [4]byte
			if err := process.Memory(file.Start+found.version, b[:]); err != nil {
				return nil, fmt.Errorf("read the memory of process %d: %w", process.PID, err)
			}
			version = binary.LittleEndian.Uint32(b[:])
		}
		for i := 0; version == 0 && i < len(files); i++ { // 3.10 does not export it: its library's folder says it
			version = versionIn(files[i].Path)
		}
		r := &Reader{process: process, finder: f, runtime: file.Start + found.runtime,
			uwsgi: strings.HasPrefix(filepath.Base(file.Path), "uwsgi")}
		if r.layout, err = describe(process.Memory, r.runtime, version); err != nil {
			return nil, err
		}
		for _, other := range files {
			r.uwsgi = r.uwsgi || strings.HasPrefix(filepath.Base(other.Path), "uwsgi")
		}
		r.mem.read, r.mem.spare = process.Memory, &f.pages
		r.begin()
		return r, nil
	}
	return nil, stacks.ErrNone
}

// asyncio finds what the file of _asyncio says of itself; nil: it is not mapped, or says nothing.
func (f *Finder) asyncio(process stacks.Process) *asyncOffsets {
	files, err := symbols.Files(process.Proc, process.PID)
	if err != nil {
		return nil
	}
	for _, file := range files[:min(len(files), maxFiles)] {
		if strings.HasPrefix(filepath.Base(file.Path), "_asyncio.") || likely(file.Path) == 0 {
			if found, err := f.look(file); err == nil && found.asyncio != nil {
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
func (f *Finder) look(file symbols.Mapped) (image, error) {
	key := file.Path + " " + file.Inode
	f.mu.Lock()
	defer f.mu.Unlock()
	if found, known := f.known[key]; known {
		return found, nil
	}
	found, err := read(file)
	if errors.Is(err, os.ErrPermission) || errors.Is(err, os.ErrNotExist) {
		return found, err
	}
	if f.known == nil || len(f.known) >= maxKnown {
		f.known = map[string]image{}
	}
	f.known[key] = found // what is no ELF file stays none
	return found, nil
}

func read(file symbols.Mapped) (image, error) {
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
	all, err := object.DynamicSymbols()
	if err != nil {
		return out, err
	}
	for _, s := range all {
		switch {
		case s.Value == 0: // it uses what another file has
		case s.Name == "_PyRuntime":
			out.runtime = s.Value + object.Bias - file.Start
		case s.Name == "Py_Version":
			out.version = s.Value + object.Bias - file.Start
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
