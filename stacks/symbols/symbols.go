// Package symbols finds where the variables of a running program are: it reads the files that a process has mapped,
// through the process's own root, so that containers work too.
package symbols

import (
	"debug/elf"
	"fmt"
	"os"
	"strings"

	"github.com/hangtime-dev/hangtime/kernel/proc"
)

// A Mapped is a file that a process has mapped from its beginning.
type Mapped struct {
	Path  string // as the process sees it
	File  string // where it can be opened from here
	Start uint64 // address of its first byte
	Inode string // device and inode as the kernel writes them, "fe:00 1234": names the file whatever its path
}

// Files are the files that a process has mapped, each once, in the order of their addresses; the program itself is
// usually the first, unless memory that it shares with its children lies before it.
func Files(root string, pid int) ([]Mapped, error) {
	fs := proc.FS(root)
	mappings, err := fs.Maps(pid)
	if err != nil {
		return nil, err
	}
	program, _ := os.Readlink(fs.Path(pid, "exe")) // of a kernel's thread there is none
	program = strings.TrimSuffix(program, " (deleted)")
	var all []Mapped
	seen := map[string]bool{}
	for _, m := range mappings {
		if m.Offset != 0 || !strings.HasPrefix(m.Path, "/") || seen[m.Path] {
			continue
		}
		seen[m.Path] = true
		file := fs.Path(pid, "root"+m.Path)
		switch { // the kernel still has what runs and has no name any more
		case m.Deleted && m.Path == program:
			file = fs.Path(pid, "exe")
		case m.Deleted:
			file = fs.Path(pid, fmt.Sprintf("map_files/%x-%x", m.Low, m.High))
		}
		all = append(all, Mapped{Path: m.Path, File: file, Start: m.Low, Inode: fmt.Sprint(m.Device, " ", m.Inode)})
	}
	return all, nil
}

// An Object is an opened ELF file with what is to be added to the addresses in it.
type Object struct {
	*elf.File
	Bias uint64
	file *os.File
}

// Open opens a mapped file; the caller closes it.
func (m Mapped) Open() (*Object, error) {
	file, err := os.Open(m.File)
	if err != nil {
		return nil, err
	}
	f, err := elf.NewFile(file)
	if err != nil {
		_ = file.Close()
		return nil, fmt.Errorf("read %s: %w", m.Path, err)
	}
	o := &Object{File: f, file: file}
	if f.Type == elf.ET_DYN {
		for _, prog := range f.Progs {
			if prog.Type == elf.PT_LOAD && prog.Off == 0 {
				o.Bias = m.Start - prog.Vaddr
			}
		}
	}
	return o, nil
}

// Close closes the file.
func (o *Object) Close() error { return o.file.Close() }

// tables are where a file has its symbols: first those that others may use, which a stripped file has too.
var tables = []elf.SectionType{elf.SHT_DYNSYM, elf.SHT_SYMTAB}

// Named is the symbol of a name, from the dynamic table or else from the whole one.
func (o *Object) Named(name string) (symbol elf.Symbol, found bool) {
	for _, kind := range tables {
		if t, ok := tableOf(o.File, kind); ok && !found {
			t.find([]string{name}, func(s elf.Symbol) bool {
				symbol, found = s, true
				return false
			})
		}
	}
	return symbol, found
}

// Addresses are where these symbols are in the process, by name, from the dynamic table and, where that lacks one,
// from the whole table. A stripped program has the former only.
func (o *Object) Addresses(names ...string) map[string]uint64 {
	found := map[string]uint64{}
	for _, kind := range tables {
		o.addresses(kind, names, found)
		if len(found) == len(names) {
			break
		}
	}
	return found
}

// Exported are the addresses of those of these symbols that other files may use.
func (o *Object) Exported(names ...string) map[string]uint64 {
	found := map[string]uint64{}
	o.addresses(elf.SHT_DYNSYM, names, found)
	return found
}

func (o *Object) addresses(kind elf.SectionType, names []string, found map[string]uint64) {
	t, ok := tableOf(o.File, kind)
	if !ok {
		return
	}
	t.find(names, func(s elf.Symbol) bool {
		if s.Value != 0 && found[s.Name] == 0 {
			found[s.Name] = s.Value + o.Bias
		}
		return len(found) < len(names)
	})
}
