package python

// A layout has the offsets of one version's structures, in bytes, on 64-bit machines: from
// Include/internal/pycore_{runtime,interp,frame,dict,gc}.h and
// Include/cpython/{code,frameobject,genobject,object,dictobject,setobject}.h of each version, as the C compiler gives them.
type layout struct {
	version     int // 0x030b
	interpreter interpreterLayout
	gil         gilLayout
	thread      threadLayout
	frame       frameLayout
	code        codeLayout
	generator   generatorLayout
	text        textLayout
	asyncio     asyncioLayout
}

// interpreterLayout is of PyInterpreterState.
type interpreterLayout struct {
	head                                uint64 // of the list of all, in _PyRuntimeState
	next, threads, modules, generations uint64
}

// gilLayout is of the interpreter's lock.
type gilLayout struct {
	inRuntime bool // else the interpreter points to it
	at        uint64
	holder    uint64 // within struct _gil_runtime_state
	locked    uint64
}

// threadLayout is of PyThreadState. Without nativeID the C library's thread says what it is. Where cframe is 0 the
// frame is in the thread itself.
type threadLayout struct{ next, ident, nativeID, cframe, frame uint64 }

// frameLayout is of PyFrameObject (3.10), _PyInterpreterFrame.
type frameLayout struct {
	previous, code, instruction, globals, locals, owner, depth uint64
	owners                                                     byte // number of kinds of frames that are Python's own
}

// codeLayout is of PyCodeObject.
type codeLayout struct {
	file, name, lines, first, bytecode, exceptions, stackSize, variables uint64
}

// generatorLayout is of PyGenObject.
type generatorLayout struct{ frame, state uint64 }

// textLayout has the sizes of the two headers of strings.
type textLayout struct{ ascii, compact uint64 }

// asyncioLayout is of _asyncio's Task and Future (Modules/_asynciomodule.c): the future that a task waits for is right
// before its coroutine, its name right after.
type asyncioLayout struct{ taskCoroutine, futureState uint64 }

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
