package python

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// layouts are those of the versions that do not describe themselves. All of a minor version share theirs.
func layouts(version int) (layout, bool) {
	switch version {
	case 0x030a:
		return layout{
			version:     version,
			interpreter: interpreterLayout{head: 32, threads: 8, modules: 856, generations: 640},
			gil:         gilLayout{inRuntime: true, at: 352, holder: 8, locked: 16},
			thread:      threadLayout{next: 8, ident: 176, frame: 24},
			frame:       frameLayout{previous: 24, code: 32, instruction: 96, globals: 48, locals: 352},
			code:        codeLayout{file: 104, name: 112, lines: 120, first: 40, stackSize: 32, variables: 72},
			generator:   generatorLayout{frame: 16},
			text:        textLayout{ascii: 48, compact: 72},
			asyncio:     asyncioLayout{taskCoroutine: 160, futureState: 88},
		}, true
	case 0x030b:
		return layout{
			version:     version,
			interpreter: interpreterLayout{head: 40, threads: 16, modules: 888, generations: 672},
			gil:         gilLayout{inRuntime: true, at: 360, holder: 8, locked: 16},
			thread:      threadLayout{next: 8, ident: 152, nativeID: 160, cframe: 56, frame: 8},
			frame: frameLayout{previous: 48, code: 32, instruction: 56, globals: 8, locals: 72, owner: 69, owners: 3,
				depth: 64},
			code: codeLayout{file: 112, name: 128, lines: 136, first: 72, bytecode: 184, exceptions: 40, stackSize: 68,
				variables: 96},
			generator: generatorLayout{frame: 80, state: 75},
			text:      textLayout{ascii: 48, compact: 72},
			asyncio:   asyncioLayout{taskCoroutine: 136, futureState: 88},
		}, true
	case 0x030c:
		return layout{
			version:     version,
			interpreter: interpreterLayout{head: 40, threads: 72, modules: 944, generations: 136},
			gil:         gilLayout{at: 384, holder: 8, locked: 16},
			thread:      threadLayout{next: 8, ident: 136, nativeID: 144, cframe: 56},
			frame:       frameLayout{previous: 8, instruction: 56, globals: 24, locals: 72, owner: 70, owners: 3, depth: 64},
			code: codeLayout{file: 112, name: 128, lines: 136, first: 68, bytecode: 192, exceptions: 40, stackSize: 64,
				variables: 96},
			generator: generatorLayout{frame: 72, state: 67},
			text:      textLayout{ascii: 40, compact: 56},
			asyncio:   asyncioLayout{taskCoroutine: 136, futureState: 88},
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
		version: version,
		interpreter: interpreterLayout{head: q(5), next: q(interpreter + 2), threads: q(interpreter + 3),
			modules: q(interpreter + 5 + more), generations: q(interpreter+4+more) + generations313},
		gil:    gilLayout{at: q(gil), holder: q(gil+4) - q(gil+1), locked: q(gil+3) - q(gil+1)},
		thread: threadLayout{next: q(thread + 2), frame: q(thread + 4), ident: q(thread + 5), nativeID: q(thread + 6)},
		frame: frameLayout{previous: q(frame + 1), code: q(frame + 2), instruction: q(frame + 3), globals: 24,
			locals: q(frame + 4), owner: q(frame + 5), owners: 3, depth: 64},
		code: codeLayout{file: q(code + 1), name: q(code + 3), lines: q(code + 4), first: q(code + 5), bytecode: q(code + 9),
			exceptions: 40, stackSize: 64, variables: q(code + 7)},
		generator: generatorLayout{frame: 72, state: 67},
		text:      textLayout{ascii: 40, compact: 56},
		asyncio:   asyncioLayout{taskCoroutine: 120, futureState: 96},
	}
	if version >= 0x030e {
		l.frame.depth, l.asyncio.taskCoroutine, l.asyncio.futureState = q(frame+6), 128, 104
	}
	for _, offset := range []uint64{
		l.interpreter.head, l.gil.at, l.gil.holder, l.gil.locked, l.interpreter.next, l.interpreter.threads,
		l.interpreter.modules, l.interpreter.generations, l.thread.next, l.thread.frame, l.thread.ident, l.thread.nativeID,
		l.frame.previous, l.frame.code, l.frame.instruction, l.frame.locals, l.frame.owner, l.frame.depth,
		l.code.file, l.code.name, l.code.lines, l.code.first, l.code.bytecode, l.code.variables,
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
