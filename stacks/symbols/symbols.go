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
	Bias    uint64
	file    *os.File
	dynamic []elf.Symbol // as soon as they are asked for
}

// DynamicSymbols are those of the dynamic table, which is read once: it may be large.
func (o *Object) DynamicSymbols() (_ []elf.Symbol, err error) {
	if o.dynamic == nil {
		o.dynamic, err = o.File.DynamicSymbols()
	}
	return o.dynamic, err
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

// Named is the symbol of a name, from the dynamic table or else from the whole one.
func (o *Object) Named(name string) (elf.Symbol, bool) {
	for _, table := range []func() ([]elf.Symbol, error){o.DynamicSymbols, o.Symbols} {
		all, _ := table() // where there is none, there is nothing in it
		for _, s := range all {
			if s.Name == name {
				return s, true
			}
		}
	}
	return elf.Symbol{}, false
}

// Addresses are where these symbols are in the process, by name, from the dynamic table and, where that lacks one,
// from the whole table. A stripped program has the former only.
func (o *Object) Addresses(names ...string) map[string]uint64 {
	wanted := map[string]bool{}
	for _, name := range names {
		wanted[name] = true
	}
	found := map[string]uint64{}
	for _, table := range []func() ([]elf.Symbol, error){o.DynamicSymbols, o.Symbols} {
		all, err := table()
		if err != nil {
			continue // there is no such table
		}
		for _, s := range all {
			if wanted[s.Name] && s.Value != 0 && found[s.Name] == 0 {
				found[s.Name] = s.Value + o.Bias
			}
		}
		if len(found) == len(wanted) {
			break
		}
	}
	return found
}
