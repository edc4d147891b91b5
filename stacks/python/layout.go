package python

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// A layout has the offsets of one version's structures, in bytes, on 64-bit machines: from
// Include/internal/pycore_{runtime,interp,frame,dict,gc}.h and
// Include/cpython/{code,frameobject,genobject,object,dictobject,setobject}.h of each version, as the C compiler gives them.
type layout struct {
	version int // 0x030b
	// _PyRuntimeState
	interpreters uint64
	gilInRuntime bool // else the interpreter points to it
	gil          uint64
	holder       uint64 // within struct _gil_runtime_state
	locked       uint64
	// PyInterpreterState
	nextInterpreter, threads, modules, generations uint64
	// PyThreadState. Without nativeID the C library's thread says what it is. Where cframe is 0 the frame is in the
	// thread itself.
	nextThread, ident, nativeID, cframe, frame uint64
	// PyFrameObject (3.10), _PyInterpreterFrame
	previous, code, instruction, globals, locals, owner, depth uint64
	owners                                                     byte // number of kinds of frames that are Python's own
	// PyCodeObject
	names, file, name, lines, first, bytecode, exceptions, stackSize, flags, variables uint64
	// PyGenObject
	generatorFrame, generatorState uint64
	// Sizes of the two headers of strings.
	ascii, compact uint64
	// _asyncio's Task and Future (Modules/_asynciomodule.c): the future that a task waits for is right before its
	// coroutine, its name right after.
	taskCoroutine, futureState uint64
}

// The frame's own fields of 3.10 that later versions do not have (Include/cpython/frameobject.h).
const (
	frame310Stack      = 64  // f_valuestack
	frame310Depth      = 80  // f_stackdepth
	frame310Block      = 104 // f_iblock
	frame310Blocks     = 112 // f_blockstack
	frame310BlockSize  = 12
	frame310BlockLevel = 8
	code310Free        = 80 // co_freevars
	code310Cell        = 88 // co_cellvars
)

// layouts are those of the versions that do not describe themselves. All of a minor version share theirs.
func layouts(version int) (layout, bool) {
	switch version {
	case 0x030a:
		return layout{
			version: version, interpreters: 32, gilInRuntime: true, gil: 352, holder: 8, locked: 16,
			threads: 8, modules: 856, generations: 640,
			nextThread: 8, ident: 176, frame: 24,
			previous: 24, code: 32, instruction: 96, globals: 48, locals: 352,
			names: 64, file: 104, name: 112, lines: 120, first: 40, stackSize: 32, flags: 36, variables: 72,
			generatorFrame: 16, ascii: 48, compact: 72, taskCoroutine: 160, futureState: 88,
		}, true
	case 0x030b:
		return layout{
			version: version, interpreters: 40, gilInRuntime: true, gil: 360, holder: 8, locked: 16,
			threads: 16, modules: 888, generations: 672,
			nextThread: 8, ident: 152, nativeID: 160, cframe: 56, frame: 8,
			previous: 48, code: 32, instruction: 56, globals: 8, locals: 72, owner: 69, owners: 3, depth: 64,
			names: 32, file: 112, name: 128, lines: 136, first: 72, bytecode: 184, exceptions: 40, stackSize: 68,
			flags: 48, variables: 96,
			generatorFrame: 80, generatorState: 75, ascii: 48, compact: 72, taskCoroutine: 136, futureState: 88,
		}, true
	case 0x030c:
		return layout{
			version: version, interpreters: 40, gil: 384, holder: 8, locked: 16,
			threads: 72, modules: 944, generations: 136,
			nextThread: 8, ident: 136, nativeID: 144, cframe: 56,
			previous: 8, instruction: 56, globals: 24, locals: 72, owner: 70, owners: 3, depth: 64,
			names: 32, file: 112, name: 128, lines: 136, first: 68, bytecode: 192, exceptions: 40, stackSize: 64,
			flags: 48, variables: 96,
			generatorFrame: 72, generatorState: 67, ascii: 40, compact: 56, taskCoroutine: 136, futureState: 88,
		}, true
	}
	return layout{}, false
}

// cookie begins the description that 3.13 and newer have of themselves at _PyRuntime.
const cookie = "xdebugpy"

// describedWords is how many words of struct _Py_DebugOffsets are read.
const describedWords = 60

var errVersion = errors.New("stacks are read of 3.10 to 3.14")

// describe finds the layout. version is PY_VERSION_HEX, 0 where it is not exported.
func describe(read func(uint64, []byte) error, runtime uint64, version uint32) (layout, error) {
	var words [describedWords * 8]byte
	if err := read(runtime, words[:]); err != nil {
		return layout{}, fmt.Errorf("read its memory: %w", err)
	}
	if string(words[:8]) == cookie {
		return described(words[:])
	}
	l, known := layouts(int(version >> 16))
	if !known {
		return layout{}, fmt.Errorf("CPython %d.%d: %w", version>>24, version>>16&255, errVersion)
	}
	return l, nil
}

// described reads struct _Py_DebugOffsets (Include/internal/pycore_debug_offsets.h), of which each minor version has
// its own; later ones put fields between. What it does not tell is the same in 3.13 and 3.14.
func described(words []byte) (layout, error) {
	q := func(i int) uint64 { return binary.LittleEndian.Uint64(words[8*i:]) }
	version := int(uint32(q(1)) >> 16)
	var interpreter, thread, frame, code int // word at which each part begins
	more := 0                                // threads_main, before the rest of the interpreter's
	switch version {
	case 0x030d:
		interpreter, thread, frame, code = 6, 19, 28, 34
	case 0x030e: // threads_main, code_object_generation, tlbc_generation; stackpointer, tlbc_index
		interpreter, thread, frame, code, more = 6, 22, 31, 39, 1
	default:
		return layout{}, fmt.Errorf("CPython %d.%d: %w", version>>8, version&255, errVersion)
	}
	if q(2) != 0 {
		return layout{}, fmt.Errorf("CPython %d.%d without the GIL: its objects have another layout", version>>8,
			version&255)
	}
	gil := interpreter + 8 + more // ceval_gil
	l := layout{
		version: version, interpreters: q(5), gil: q(gil), holder: q(gil+4) - q(gil+1), locked: q(gil+3) - q(gil+1),
		nextInterpreter: q(interpreter + 2), threads: q(interpreter + 3), modules: q(interpreter + 5 + more),
		generations: q(interpreter+4+more) + generations313,
		nextThread:  q(thread + 2), frame: q(thread + 4), ident: q(thread + 5), nativeID: q(thread + 6),
		previous: q(frame + 1), code: q(frame + 2), instruction: q(frame + 3), globals: 24, locals: q(frame + 4),
		owner: q(frame + 5), owners: 3, depth: 64,
		names: 32, file: q(code + 1), name: q(code + 3), lines: q(code + 4), first: q(code + 5), bytecode: q(code + 9),
		exceptions: 40, stackSize: 64, flags: 48, variables: q(code + 7),
		generatorFrame: 72, generatorState: 67, ascii: 40, compact: 56, taskCoroutine: 120, futureState: 96,
	}
	if version >= 0x030e {
		l.depth, l.taskCoroutine, l.futureState = q(frame+6), 128, 104
	}
	for _, offset := range []uint64{
		l.interpreters, l.gil, l.holder, l.locked, l.nextInterpreter, l.threads, l.modules, l.generations, l.nextThread,
		l.frame, l.ident, l.nativeID, l.previous, l.code, l.instruction,
		l.locals, l.owner, l.depth, l.file, l.name, l.lines, l.first, l.bytecode, l.variables,
	} {
		if offset > 1<<20 {
			return layout{}, errors.New("its description of itself makes no sense")
		}
	}
	return l, nil
}

// generations313 is where struct _gc_runtime_state of 3.13 and 3.14 has its generations, whose lists 3.14.0 calls by
// other names (Include/internal/pycore_interp.h, pycore_interp_structs.h).
const generations313 = 24
