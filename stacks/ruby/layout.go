package ruby

// A layout says where one version of Ruby keeps what is read here: offsets in bytes, on a processor with addresses of
// 64 bits. All were taken by offsetof from the headers of the version that the comment at its entry names (vm_core.h,
// thread_pthread.h, ractor_core.h, method.h, internal/class.h), and those of its public ones.
type layout struct {
	name   string
	thread threadLayout
	ractor ractorLayout
	body   bodyLayout
	// frame is the size of rb_control_frame_t.
	frame int
	// lastOperator is tLAST_OP_ID (id.h): up to it an ID is its number itself.
	lastOperator uint64
	// longStrings says that a string that lies in its object has a length of eight bytes (since 3.2) and not one in its
	// flags.
	longStrings bool
	// hashApart says that a Hash points to its table (until 3.2) and does not have it in itself.
	hashApart bool
	class     classLayout
}

// threadLayout is rb_thread_t.
type threadLayout struct {
	ec, status, lockingMutex, keepingMutexes, joinList, name, size int
	// ready is that of the node by which it stands in the list of those that wait for the interpreter's lock.
	ready int
	// The kernel's id: in the thread itself (3.1), in its rb_native_thread (since 3.2), or only in what the C library
	// knows of the thread (3.0). 0: it is not there.
	tid, native, nativeTID, pthread int
}

// ractorLayout is rb_ractor_t. running is who has the interpreter's lock, ready the list of those who wait for it.
type ractorLayout struct{ node, threads, main, running, ready int }

// bodyLayout is rb_iseq_constant_body, the code of a method or a block; entry is the size of iseq_insn_info_entry.
type bodyLayout struct{ insns, positions, size, index, localTable, localSize, entry int }

// classLayout says where a class has its name: as classpath right in it, or among its variables (ivars, of its
// rb_classext_t). 0: not there. 3.2 keeps it by the object's shape, and is not read.
type classLayout struct{ path, ivars int }

// layouts has the versions by ruby_api_version. Tried on running programs: 3.1.2 and 3.3.8 of Debian; the others were
// not.
func layouts(major, minor uint32) (layout, bool) {
	if major != 3 {
		return layout{}, false
	}
	switch minor {
	case 0: // 3.0.0
		return layout{
			name: "3.0", hashApart: true, frame: 56, lastOperator: 168,
			thread: threadLayout{
				ec: 40, status: 88, lockingMutex: 256, keepingMutexes: 264, joinList: 272,
				name: 384, size: 392, ready: 96, pthread: 80,
			},
			ractor: ractorLayout{node: 568, threads: 304, main: 528, running: 336, ready: 384},
			body:   bodyLayout{insns: 120, positions: 128, size: 136, index: 144, localTable: 152, localSize: 232, entry: 8},
			class:  classLayout{ivars: 8},
		}, true
	case 1: // 3.1.0; the same in 3.1.2
		return layout{
			name: "3.1", hashApart: true, frame: 64, lastOperator: 169,
			thread: threadLayout{
				ec: 40, status: 92, lockingMutex: 264, keepingMutexes: 272, joinList: 280,
				name: 352, size: 360, ready: 104, tid: 88,
			},
			ractor: ractorLayout{node: 568, threads: 304, main: 528, running: 336, ready: 384},
			body: bodyLayout{insns: 120, positions: 128, size: 136, index: 144, localTable: 152, localSize: 240,
				entry: 12},
			class: classLayout{ivars: 8},
		}, true
	case 2: // 3.2.0
		return layout{
			name: "3.2", hashApart: true, frame: 64, lastOperator: 169, longStrings: true,
			thread: threadLayout{
				ec: 48, status: 112, lockingMutex: 216, keepingMutexes: 224, joinList: 232,
				name: 304, size: 312, ready: 56, native: 40, nativeTID: 16,
			},
			ractor: ractorLayout{node: 568, threads: 304, main: 528, running: 336, ready: 384},
			body: bodyLayout{insns: 112, positions: 120, size: 128, index: 136, localTable: 144, localSize: 232,
				entry: 12},
		}, true
	case 3: // 3.3.0 and 3.3.5
		return layout{
			name: "3.3", frame: 56, lastOperator: 169, longStrings: true,
			thread: threadLayout{
				ec: 48, status: 240, lockingMutex: 344, keepingMutexes: 352, joinList: 360,
				name: 432, size: 440, ready: 72, native: 40, nativeTID: 24,
			},
			ractor: ractorLayout{node: 432, threads: 256, main: 392, running: 328, ready: 344},
			body: bodyLayout{insns: 112, positions: 120, size: 128, index: 136, localTable: 144, localSize: 232,
				entry: 12},
			class: classLayout{path: 152},
		}, true
	case 4: // 3.4.0
		return layout{
			name: "3.4", frame: 56, lastOperator: 170, longStrings: true,
			thread: threadLayout{
				ec: 48, status: 240, lockingMutex: 344, keepingMutexes: 352, joinList: 376,
				name: 448, size: 456, ready: 72, native: 40, nativeTID: 24,
			},
			ractor: ractorLayout{node: 432, threads: 256, main: 392, running: 328, ready: 344},
			body: bodyLayout{insns: 112, positions: 120, size: 128, index: 136, localTable: 144, localSize: 232,
				entry: 12},
			class: classLayout{path: 152},
		}, true
	}
	return layout{}, false
}

// The same in all of them, from the same headers.
const (
	vmRactors = 8  // rb_vm_t.ractor.set, a list of ccan/list
	vmMain    = 32 // rb_vm_t.ractor.main_ractor

	threadSelf   = 16 // rb_thread_t.self, its object
	threadRactor = 24 // rb_thread_t.ractor, and behind it vm

	ecStack     = 0  // rb_execution_context_t.vm_stack
	ecStackSize = 8  // in words
	ecFrame     = 16 // cfp, the innermost frame; frames lie before the stack's end
	ecSize      = 24

	framePC   = 0 // rb_control_frame_t
	frameCode = 16
	frameSelf = 24
	frameEnv  = 32 // ep

	// An environment begins two words before ep: the method's entry or what leads to it, the outer environment, flags.
	envAt     = 1<<64 - 16
	envMethod = 0
	envOuter  = 8
	envFlags  = 16
	envSize   = 24

	frameMagic  = 0x7fff0001 // VM_FRAME_MAGIC_MASK
	frameCFunc  = 0x55550001 // VM_FRAME_MAGIC_CFUNC
	codeBody    = 16         // rb_iseq_t.body
	codeSize    = 24
	bodySize    = 4 // rb_iseq_constant_body.iseq_size
	bodyEncoded = 8
	bodyPath    = 64 // location.pathobj
	bodyLabel   = 80
	bodyFirst   = 88 // location.first_lineno
	bodyEnd     = 248

	methodDef   = 16 // rb_callable_method_entry_t
	methodID    = 24 // called_id
	methodOwner = 32
	methodSize  = 40

	definitionID = 32 // rb_method_definition_t.original_id

	mutexNext = 8 // rb_mutex_t.next_mutex (thread_sync.c)

	waiterNext   = 0 // struct rb_waiting_list (thread.c)
	waiterThread = 8

	killed = 3 // THREAD_KILLED, of two bits
)
