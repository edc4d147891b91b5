package probe

import (
	"bufio"
	"bytes"
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/hangtime-dev/hangtime/kernel/memory"
	"github.com/hangtime-dev/hangtime/kernel/proc"
)

// A python reads the stacks of a CPython interpreter, 3.10 to 3.14, out of its memory, without stopping it and without anything loaded into it. What is read may change
// meanwhile: every pointer may lead anywhere, so each is read with the kernel's help, every list and string has a bound, and what makes no sense ends the walk.
// Layouts: Include/internal/pycore_{runtime,interp,frame,debug_offsets}.h, Include/cpython/code.h of each version.
type python struct {
	mem     func(address uint64, into []byte) error
	runtime uint64 // address of _PyRuntime
	layout  pyLayout
}

// A pyStack is one thread's.
type pyStack struct {
	tid    int
	frames []string // innermost first
	holds  bool     // it holds the interpreter's lock
}

// Bounds of what is read: far more than servers have, far less than nonsense would make.
const (
	pyInterpreters = 16
	pyThreads      = 512
	pyFrames       = 100
	pyHops         = 4 * pyFrames // links followed for one stack
	pyString       = 4096         // bytes
	pyTable        = 1 << 20      // bytes of a line table
)

// A pyLayout has the offsets of one version's structures, in bytes.
type pyLayout struct {
	version                            int // 0x030b
	interpreters                       uint64
	nextInterpreter, threads           uint64
	nextThread, nativeID, pthread      uint64 // pthread: where there is no nativeID
	cframe, frame                      uint64 // cframe 0: the frame is in the thread itself
	previous, code, instruction, owner uint64
	owners                             byte // number of kinds of frames that are Python's own
	name, file, lines, first, bytecode uint64
	ascii, compact                     uint64 // sizes of the two headers of strings
	gilInRuntime                       bool   // else the interpreter points to it
	gil, holder, locked                uint64
}

// layouts are those of the versions that do not describe themselves.
var layouts = map[int]pyLayout{
	0x030a: {
		version: 0x030a, interpreters: 32, threads: 8, nextThread: 8, pthread: 176, frame: 24, previous: 24, code: 32, instruction: 96, name: 112, file: 104, lines: 120, first: 40,
		ascii: 48, compact: 72, gilInRuntime: true, gil: 352, holder: 8, locked: 16,
	},
	0x030b: {
		version: 0x030b, interpreters: 40, threads: 16, nextThread: 8, nativeID: 160, cframe: 56, frame: 8, previous: 48, code: 32, instruction: 56, owner: 69, owners: 3,
		name: 128, file: 112, lines: 136, first: 72, bytecode: 184, ascii: 48, compact: 72, gilInRuntime: true, gil: 360, holder: 8, locked: 16,
	},
	0x030c: {
		version: 0x030c, interpreters: 40, threads: 72, nextThread: 8, nativeID: 144, cframe: 56, frame: 0, previous: 8, code: 0, instruction: 56, owner: 70, owners: 3,
		name: 128, file: 112, lines: 136, first: 68, bytecode: 192, ascii: 40, compact: 56, gil: 384, holder: 8, locked: 16,
	},
}

// pyCookie begins the description that 3.13 and newer have of themselves at _PyRuntime.
const pyCookie = "xdebugpy"

var errNoPython = errors.New("no CPython interpreter was found in it")

// openPython finds the interpreter of a process.
func openPython(p proc.FS, pid int) (*python, error) {
	runtime, version, err := findPython(p, pid)
	if err != nil {
		return nil, err
	}
	py := &python{mem: func(address uint64, into []byte) error { return memory.Read(pid, address, into) }, runtime: runtime}
	py.layout, err = py.describe(version)
	return py, err
}

// describe finds the layout. version is PY_VERSION_HEX, 0 where it is not exported.
func (py *python) describe(version uint32) (pyLayout, error) {
	var words [60 * 8]byte
	if err := py.mem(py.runtime, words[:]); err != nil {
		return pyLayout{}, fmt.Errorf("read its memory: %w", err)
	}
	if string(words[:8]) != pyCookie {
		l, known := layouts[int(version>>16)]
		if !known {
			return pyLayout{}, fmt.Errorf("CPython %d.%d: stacks are read of 3.10 to 3.14", version>>24, version>>16&255)
		}
		return l, nil
	}
	return selfDescribed(words[:])
}

// selfDescribed reads struct _Py_DebugOffsets, of which each minor version has its own; later ones put fields between.
func selfDescribed(words []byte) (pyLayout, error) {
	q := func(i int) uint64 { return binary.LittleEndian.Uint64(words[8*i:]) }
	version := int(uint32(q(1)) >> 16)
	var interpreter, thread, frame, code int // word at which each part begins
	switch version {
	case 0x030d:
		interpreter, thread, frame, code = 6, 19, 28, 34
	case 0x030e: // threads_main, code_object_generation, tlbc_generation; stackpointer, tlbc_index
		interpreter, thread, frame, code = 6, 22, 31, 39
	default:
		return pyLayout{}, fmt.Errorf("CPython %d.%d: stacks are read of 3.10 to 3.14", version>>8, version&255)
	}
	gil := interpreter + 8 // ceval_gil
	if version >= 0x030e {
		gil++
	}
	l := pyLayout{
		version: version, interpreters: q(5), nextInterpreter: q(interpreter + 2), threads: q(interpreter + 3), gil: q(gil), holder: q(gil+4) - q(gil+1), locked: q(gil+3) - q(gil+1),
		nextThread: q(thread + 2), frame: q(thread + 4), nativeID: q(thread + 6),
		previous: q(frame + 1), code: q(frame + 2), instruction: q(frame + 3), owner: q(frame + 5), owners: 3,
		file: q(code + 1), name: q(code + 3), lines: q(code + 4), first: q(code + 5), bytecode: q(code + 9), ascii: 40, compact: 56,
	}
	for _, offset := range []uint64{l.interpreters, l.nextInterpreter, l.threads, l.gil, l.holder, l.locked, l.nextThread, l.frame, l.nativeID, l.previous, l.code, l.owner, l.file, l.name, l.bytecode} {
		if offset > 1<<20 {
			return pyLayout{}, errors.New("its description of itself makes no sense")
		}
	}
	return l, nil
}

func (py *python) word(address uint64) uint64 {
	var b [8]byte
	if py.mem(address, b[:]) != nil {
		return 0
	}
	return binary.LittleEndian.Uint64(b[:])
}

func (py *python) half(address uint64) uint32 {
	var b [4]byte
	if py.mem(address, b[:]) != nil {
		return 0
	}
	return binary.LittleEndian.Uint32(b[:])
}

// stacks are those of all threads that run Python, as far as they can be followed.
func (py *python) stacks() []pyStack {
	var out []pyStack
	l := &py.layout
	seen := map[uint64]bool{}
	interpreter := py.word(py.runtime + l.interpreters)
	for range pyInterpreters {
		if interpreter == 0 || seen[interpreter] {
			break
		}
		seen[interpreter] = true
		gil := py.runtime + l.gil
		if !l.gilInRuntime {
			gil = py.word(interpreter + l.gil)
		}
		holder := py.word(gil + l.holder)
		locked := py.half(gil+l.locked) == 1
		thread := py.word(interpreter + l.threads)
		for thread != 0 && !seen[thread] && len(out) < pyThreads {
			seen[thread] = true
			out = append(out, pyStack{tid: py.threadID(thread), frames: py.frames(thread), holds: locked && holder == thread})
			thread = py.word(thread + l.nextThread)
		}
		interpreter = py.word(interpreter + l.nextInterpreter)
	}
	return out
}

// glibcTID is where glibc keeps the kernel's thread id in what pthread_self points to (struct pthread, x86-64 and arm64); it is believed only if it is a thread of the process.
const glibcTID = 0x2d0

func (py *python) threadID(thread uint64) int {
	if py.layout.nativeID != 0 {
		return int(py.word(thread + py.layout.nativeID))
	}
	return int(py.half(py.word(thread+py.layout.pthread) + glibcTID))
}

// frames follows one thread's frames, innermost first.
func (py *python) frames(thread uint64) []string {
	l := &py.layout
	at := thread
	if l.cframe != 0 {
		at = py.word(thread + l.cframe)
	}
	frame := py.word(at + l.frame)
	var out []string
	seen := map[uint64]bool{}
	for range pyHops {
		if frame == 0 || seen[frame] || len(out) >= pyFrames {
			break
		}
		seen[frame] = true
		if text := py.describeFrame(frame); text != "" {
			out = append(out, text)
		}
		frame = py.word(frame + l.previous)
	}
	return out
}

// describeFrame is "function (file:line)"; empty for a frame that is not Python's own.
func (py *python) describeFrame(frame uint64) string {
	l := &py.layout
	if l.owners != 0 {
		var owner [1]byte
		if py.mem(frame+l.owner, owner[:]) != nil || owner[0] >= l.owners {
			return ""
		}
	}
	code := py.word(frame+l.code) &^ 7 // 3.14 keeps marks in the lowest bits
	if code == 0 {
		return ""
	}
	name, file := py.text(py.word(code+l.name)), py.text(py.word(code+l.file))
	if name == "" || file == "" {
		return ""
	}
	return fmt.Sprintf("%s (%s:%d)", name, shortFile(file), py.line(frame, code))
}

// shortFile leaves out where libraries are installed: "logging/__init__.py".
func shortFile(file string) string {
	for _, mark := range []string{"/site-packages/", "/dist-packages/"} {
		if i := strings.LastIndex(file, mark); i >= 0 {
			return file[i+len(mark):]
		}
	}
	if i := strings.Index(file, "/lib/python3"); i >= 0 {
		if _, rest, found := strings.Cut(file[i+len("/lib/"):], "/"); found {
			return rest
		}
	}
	return file
}

// text reads a str; empty: it is none, or too long to be a name.
func (py *python) text(address uint64) string {
	var head [40]byte
	if py.mem(address, head[:]) != nil {
		return ""
	}
	length, state := binary.LittleEndian.Uint64(head[16:]), binary.LittleEndian.Uint32(head[32:])
	kind, ascii := uint64(state>>2&7), state>>6&1 == 1
	if py.layout.version >= 0x030e { // the interned mark takes a whole byte there
		kind, ascii = uint64(state>>8&7), state>>12&1 == 1
		if kind == 0 { // 3.14.0 keeps the older layout where the GIL is on
			kind, ascii = uint64(state>>2&7), state>>6&1 == 1
		}
	}
	start := address + py.layout.compact
	if ascii {
		kind, start = 1, address+py.layout.ascii
	}
	if length == 0 || length > pyString || kind != 1 && kind != 2 && kind != 4 {
		return ""
	}
	raw := make([]byte, length*kind)
	if py.mem(start, raw) != nil {
		return ""
	}
	var out strings.Builder
	for i := uint64(0); i < length*kind; i += kind {
		r := rune(raw[i])
		switch kind {
		case 2:
			r = rune(binary.LittleEndian.Uint16(raw[i:]))
		case 4:
			r = rune(binary.LittleEndian.Uint32(raw[i:]))
		}
		if r < ' ' {
			return "" // no name
		}
		out.WriteRune(r)
	}
	return strings.ToValidUTF8(out.String(), "�")
}

// line is where in its file a frame is; the function's own line where the table does not say.
func (py *python) line(frame, code uint64) int {
	l := &py.layout
	first := int(int32(py.half(code + l.first)))
	table := py.word(code + l.lines)
	const bytesHeader = 32
	size := py.word(table + 16)
	if table == 0 || size == 0 || size > pyTable {
		return first
	}
	raw := make([]byte, size)
	if py.mem(table+bytesHeader, raw) != nil {
		return first
	}
	if l.version == 0x030a {
		return line310(raw, first, int(int32(py.half(frame+l.instruction)))*2)
	}
	at := py.word(frame + l.instruction)
	if at < code+l.bytecode || at-(code+l.bytecode) > pyTable {
		return first
	}
	return line311(raw, first, int(at-(code+l.bytecode))/2)
}

// line310 finds the line of a bytecode offset in 3.10's table: pairs of how far the offset and the line go on (PEP 626).
func line310(table []byte, first, offset int) int {
	line, at := first, 0
	for i := 0; i+1 < len(table); i += 2 {
		step, delta := int(table[i]), int(int8(table[i+1]))
		if delta != -128 {
			line += delta
		}
		if offset >= at && offset < at+step {
			if delta == -128 {
				return first
			}
			return line
		}
		at += step
	}
	return first
}

// line311 finds the line of an instruction in the table of 3.11 and newer (Objects/locations.md): entries of one byte of code and length, and what the code asks for.
func line311(table []byte, first, instruction int) int {
	i, at, line := 0, 0, first
	number := func() int {
		n, shift := 0, 0
		for i < len(table) && shift < 36 {
			b := table[i]
			i++
			n |= int(b&63) << shift
			shift += 6
			if b&64 == 0 {
				break
			}
		}
		return n
	}
	signed := func() int {
		n := number()
		if n&1 == 1 {
			return -(n >> 1)
		}
		return n >> 1
	}
	for i < len(table) {
		head := table[i]
		i++
		code, length, none := head>>3&15, int(head&7)+1, false
		switch {
		case code == 15:
			none = true
		case code == 14:
			line += signed()
			number()
			number()
			number()
		case code == 13:
			line += signed()
		case code >= 10:
			line += int(code) - 10
			i += 2
		default:
			i++
		}
		if instruction >= at && instruction < at+length {
			if none {
				return first
			}
			return line
		}
		at += length
	}
	return first
}

// findPython finds the address of _PyRuntime and the version in the program or library that has them.
func findPython(p proc.FS, pid int) (runtime uint64, version uint32, err error) {
	text, err := proc.Read(p.Path(pid, "maps"), 4<<20)
	if err != nil {
		return 0, 0, err
	}
	seen := map[string]bool{}
	lines := bufio.NewScanner(bytes.NewReader(text))
	for lines.Scan() {
		f := strings.Fields(lines.Text())
		if len(f) < 6 || !strings.HasPrefix(f[5], "/") || seen[f[5]] || !mayHold(f[5]) {
			continue
		}
		seen[f[5]] = true
		low, _, _ := strings.Cut(f[0], "-")
		start, err := strconv.ParseUint(low, 16, 64)
		if err != nil {
			continue
		}
		// Through the process's own root: it may be in a container.
		symbols, err := pythonSymbols(p.Path(pid, "root"+f[5]), start)
		if err != nil || symbols.runtime == 0 {
			continue
		}
		if symbols.version != 0 {
			var b [4]byte
			if err := memory.Read(pid, symbols.version, b[:]); err != nil {
				return 0, 0, fmt.Errorf("read its memory: %w", err)
			}
			return symbols.runtime, binary.LittleEndian.Uint32(b[:]), nil
		}
		return symbols.runtime, versionInName(f[5]), nil
	}
	return 0, 0, errNoPython
}

// mayHold says whether a mapped file may be the interpreter: the program, a shared library of Python, or what embeds one (uWSGI's plugin links libpython).
func mayHold(path string) bool {
	name := filepath.Base(path)
	return strings.Contains(name, "python") && !strings.Contains(name, ".cpython-") || strings.HasPrefix(name, "uwsgi")
}

// versionInName reads "python3.10" or "libpython3.10.so.1.0" as 3.10 does not export its version; 0: it says none.
func versionInName(path string) uint32 {
	_, rest, found := strings.Cut(filepath.Base(path), "python3.")
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

type pySymbols struct{ runtime, version uint64 }

func pythonSymbols(path string, start uint64) (pySymbols, error) {
	file, err := os.Open(path)
	if err != nil {
		return pySymbols{}, err
	}
	defer file.Close()
	f, err := elf.NewFile(file)
	if err != nil {
		return pySymbols{}, err
	}
	all, err := f.DynamicSymbols()
	if err != nil {
		return pySymbols{}, err
	}
	bias := uint64(0)
	if f.Type == elf.ET_DYN {
		for _, prog := range f.Progs {
			if prog.Type == elf.PT_LOAD && prog.Off == 0 {
				bias = start - prog.Vaddr
			}
		}
	}
	var out pySymbols
	for _, s := range all {
		switch {
		case s.Value == 0:
		case s.Name == "_PyRuntime":
			out.runtime = s.Value + bias
		case s.Name == "Py_Version":
			out.version = s.Value + bias
		}
	}
	return out, nil
}
