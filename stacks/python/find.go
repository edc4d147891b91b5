package python

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/hangtime-dev/hangtime/stacks"
	"github.com/hangtime-dev/hangtime/stacks/symbols"
)

// A Finder opens processes and keeps what it learnt of their files, so that the workers of one server, which have
// mapped the same, cost one look into each file. Any goroutine may use it.
type Finder struct {
	images imageCache
	once   sync.Once
	spots  *spotTable
	pages  sync.Pool
}

// find finds CPython in a process; stacks.ErrNone where there is none.
func (f *Finder) find(process stacks.Process) (*cpython, error) {
	f.once.Do(func() { f.spots = newSpotTable() })
	files, err := symbols.Files(process.Proc, process.PID)
	if err != nil {
		return nil, err
	}
	if len(files) > maxFiles {
		files = files[:maxFiles]
	}
	slices.SortStableFunc(files, func(a, b symbols.Mapped) int { return likely(a.Path) - likely(b.Path) })
	for _, file := range files {
		found, err := f.images.look(file)
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
		address := file.Start + found.runtime
		l, err := describe(process.Memory, address, version)
		if err != nil {
			return nil, err
		}
		r := newCPython(process, address, l, f.spots, &f.pages)
		r.uwsgi = slices.ContainsFunc(files, func(other symbols.Mapped) bool {
			return strings.HasPrefix(filepath.Base(other.Path), "uwsgi")
		})
		return r, nil
	}
	return nil, stacks.ErrNone
}
