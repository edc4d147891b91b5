package golang

import (
	"debug/buildinfo"
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"os"

	"github.com/hangtime-dev/hangtime/stacks"
	"github.com/hangtime-dev/hangtime/stacks/symbols"
)

const (
	maxWritable = 64 << 20 // of a program's writable data that is searched for the runtime's description of it
	chunk       = 1 << 20
	maxAlign    = 64 // bytes between the parts of the table of functions: 24 behind the header in position-independent programs up to Go 1.25
)

// A program is a Go program as its file and its memory describe it.
type program struct {
	build  *buildinfo.BuildInfo
	layout layout
	arm    bool
	bss    span // variables with pointers that begin as zero
	mapped span // from its first to its last byte
	*functions
}

// openProgram finds the runtime's moduledata. It is looked for in the writable segments by what it must hold rather
// than by its symbol, which stripped programs lack: the address of the header of the table of functions, then those
// of the table's parts, at the distances that the header itself gives.
func openProgram(p stacks.Process) (*program, error) {
	files, err := symbols.Files(p.Proc, p.PID)
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, stacks.ErrNone
	}
	build, err := buildOf(files[0].File)
	if err != nil {
		return nil, stacks.ErrNone // most programs are none of Go; a library of Go in another program is not looked for
	}
	object, err := files[0].Open()
	if err != nil {
		return nil, err
	}
	defer func() { _ = object.Close() }()
	if object.Class != elf.ELFCLASS64 || object.Data != elf.ELFDATA2LSB || object.Machine != elf.EM_X86_64 &&
		object.Machine != elf.EM_AARCH64 {
		return nil, fmt.Errorf("read goroutines of %s: it is of %v, which is not known", files[0].Path, object.Machine)
	}
	l, err := layoutOf(build.GoVersion)
	if err != nil {
		return nil, err
	}
	found := &program{build: build, layout: l, arm: object.Machine == elf.EM_AARCH64}
	var writable []span
	for _, prog := range object.Progs {
		if prog.Type != elf.PT_LOAD {
			continue
		}
		at := span{prog.Vaddr + object.Bias, prog.Memsz}
		if found.mapped.size == 0 {
			found.mapped.at = at.at
		}
		found.mapped.size = at.at + at.size - found.mapped.at
		if prog.Flags&elf.PF_W != 0 {
			writable = append(writable, span{at.at, prog.Filesz})
		}
	}
	for _, s := range writable {
		if found.findModule(p.Memory, s) {
			return found, nil
		}
	}
	return nil, fmt.Errorf("read goroutines of %s: the runtime's table of functions was not found", files[0].Path)
}

func buildOf(file string) (*buildinfo.BuildInfo, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	return buildinfo.Read(f)
}

// findModule looks for the moduledata in a segment of the program.
func (p *program) findModule(memory func(uint64, []byte) error, in span) bool {
	found := false
	_ = search(memory, in, 14*8, func(at uint64, words []byte) bool {
		header, names := binary.LittleEndian.Uint64(words), binary.LittleEndian.Uint64(words[8:])
		if names-header < headerSize || names-header > headerSize+maxAlign || !p.holds(header) {
			return false
		}
		if t, ok := p.openFunctions(memory, at); ok {
			p.functions = t
			found = true
		}
		return found
	})
	return found
}

// holds tells whether an address is in the program's own segments.
func (p *program) holds(at uint64) bool { return at >= p.mapped.at && at-p.mapped.at < p.mapped.size }

// errFound ends a search.
var errFound = errors.New("found")

// search goes through memory word by word and calls try with the address of each and so many bytes from there, until
// it says that it has what it wants.
func search(memory func(uint64, []byte) error, in span, bytes int, try func(at uint64, words []byte) bool) error {
	buffer := make([]byte, chunk+bytes)
	end := in.at + min(in.size, maxWritable)
	for at := (in.at + 7) &^ 7; at < end; at += chunk {
		part := buffer[:min(uint64(len(buffer)), end-at)]
		if err := memory(at, part); err != nil {
			return err
		}
		for i := 0; i+bytes <= len(part) && i < chunk; i += 8 {
			if try(at+uint64(i), part[i:i+bytes]) {
				return errFound
			}
		}
	}
	return nil
}

// openFunctions reads a moduledata and the header that it points to, and compares them with each other.
func (p *program) openFunctions(memory func(uint64, []byte) error, at uint64) (*functions, bool) {
	module := make([]byte, p.layout.inlined+8)
	if memory(at, module) != nil {
		return nil, false
	}
	word := func(offset int) uint64 { return binary.LittleEndian.Uint64(module[offset:]) }
	header := make([]byte, headerSize)
	if memory(word(0), header) != nil || binary.LittleEndian.Uint32(header) != magic || header[4] != 0 ||
		header[5] != 0 || header[7] != 8 {
		return nil, false
	}
	distance := func(offset int) uint64 { return binary.LittleEndian.Uint64(header[offset:]) }
	t := &functions{
		image: newImage(memory), quantum: uint32(header[6]), count: distance(8),
		names: span{word(8), word(16)}, units: span{word(32), word(40) * 4}, files: span{word(56), word(64)},
		values:  span{word(80), word(88)},
		entries: span{word(104), word(112)}, index: span{word(128), word(136) * 8},
		text: word(moduleText), etext: word(moduleETtxt), inlined: word(p.layout.inlined),
	}
	for i, part := range []span{t.names, t.units, t.files, t.values, t.entries} {
		if part.at != word(0)+distance(32+8*i) || part.size > 1<<32 || !p.holds(part.at) || !p.holds(part.at+part.size) {
			return nil, false
		}
	}
	p.bss = span{word(moduleBSS), word(moduleEBSS) - word(moduleBSS)}
	good := t.count > 0 && t.count < 1<<24 && t.index.size == (t.count+1)*8 && t.index.at == t.entries.at && t.quantum > 0 &&
		p.holds(t.text) && t.etext > t.text && p.holds(t.etext) && word(moduleEBSS) >= word(moduleBSS) && p.holds(p.bss.at)
	return t, good
}
