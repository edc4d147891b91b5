package jvm

import (
	"fmt"
	"strings"

	"github.com/hangtime-dev/hangtime/stacks/foreign"
)

// A layout is where the fields that are read lie in HotSpot's structures, in bytes, by its own tables; and the few
// things that those leave out.
type layout struct {
	version int // 11, 17, 21, 25
	threadLayout
	anchorLayout
	monitorLayout
	methodLayout
	classLayout
	objectLayout
	heapLayout
	blobLayout
}

// threadLayout is that of the virtual machine's threads.
type threadLayout struct {
	threadList, listThreads, listLength uint64 // the first is an address; 0: there is no list,
	// But the address of the first thread, each with the next.
	firstThread                                             uint64
	threadNext                                              int  // of JavaThread; -1: not there
	osThread, threadObject, anchor, state, pending, waiting int  // of JavaThread
	objectIsHandle                                          bool // threadObject is the address of a cell with the reference
	stackBase, stackSize, threadEnd                         int
	tid                                                     int // of OSThread
	lockLayout
	// States of a thread: it is blocked in the virtual machine, or it runs Java code.
	blocked, inJava uint32
}

// lockLayout is, of JavaThread, the number by which monitors name it since JDK 24; and of its LockStack, which has the
// objects whose locks it took before others wanted them, where it is, where it says where it ends, and where the first
// is. -1: not there.
type lockLayout struct{ monitorID, lockStack, lockTop, lockFirst int }

// anchorLayout is that of the places where threads leave Java.
type anchorLayout struct {
	lastSP, lastPC, lastFP int // of JavaFrameAnchor
	wrapperAnchor          int // of JavaCallWrapper
}

// monitorLayout is that of ObjectMonitor.
type monitorLayout struct {
	owner, object   int
	monitorIsHandle bool // object is the address of a cell with the reference
}

// methodLayout is that of what describes methods.
type methodLayout struct {
	constMethod, methodFlags                                    int // of Method
	constants, codeSize, constFlags, nameIndex, constMethodSize int // of ConstMethod
	holder                                                      int // of ConstantPool
	hasLines                                                    uint32
	// Flag of a method that is no one's source: a lambda form.
	hidden uint32
}

// classLayout is that of what describes classes, and of the names in there.
type classLayout struct {
	poolSize int // of ConstantPool
	// Of ConstantPool since JDK 12, of InstanceKlass before; -1: not there.
	sourceOfPool, sourceOfClass                               int
	className, classSuper, loaderData, loader, classConstants int  // of Klass, InstanceKlass and ClassLoaderData
	loaderIsHandle                                            bool // loader is the address of a cell with the reference
	// Of InstanceKlass: an array to JDK 20, a compressed stream since; -1: not there.
	fields, fieldStream, fieldCount    int
	symbolLength, symbolBody           int
	bytesData, shortsData, arrayLength int // of Array<u1> and Array<u2>
}

// objectLayout is that of Java's objects.
type objectLayout struct {
	klass int // where an object has its class
	// By how many bits the class is shifted in the first word of an object, where objects have no other header
	// (UseCompactObjectHeaders, since JDK 24); 0: no object has it there.
	markShift uint
	tight     bool // elements of an array of bytes follow its length at once, since JDK 23
}

// heapLayout is that of the heaps of the code cache.
type heapLayout struct {
	growableLength, growableData                                int // of GrowableArray
	heapMemory, heapSegments, heapShift, low, high, blockHeader int // of CodeHeap, VirtualSpace, HeapBlock
}

// blobLayout is that of the pieces of code in there.
type blobLayout struct {
	blobName, blobSize, blobFrame, blobCode, blobEnd   int // of CodeBlob
	nmMethod, nmScopes, nmDeopt                        int // of CompiledMethod
	nmMetadata, nmPCs, nmPCsEnd, nmOriginal, nmCompile int // of nmethod
	pcSize, pcOffset, pcScope                          int // of PcDesc
	// What describes compiled code lies outside of its blob, since JDK 25: in nmConstant what never changes, and in
	// blobMutable, behind so many bytes as blobRelocation says, its metadata.
	apart                                   bool
	nmConstant, blobMutable, blobRelocation int
}

// readLayout makes the layout of the virtual machine whose tables these are, without its settings.
func readLayout(view *foreign.View, t tables) (layout, error) {
	r := &resolver{tables: t, view: view}
	l := layout{version: int(view.Block(r.variable("Abstract_VM_Version._vm_major_version"), 4).Uint32(0))}
	if (l.version < 11 || l.version > 21) && l.version != 25 {
		return l, fmt.Errorf("its version %d is neither of 11 to 21 nor 25", l.version)
	}
	r.ofThreads(&l)
	r.ofMethods(&l)
	r.ofClasses(&l)
	r.ofCode(&l)
	if len(r.missing) > 0 {
		return l, fmt.Errorf("its tables for debuggers lack %s", strings.Join(r.missing, ", "))
	}
	return l, nil
}

func (r *resolver) ofThreads(l *layout) {
	if l.threadNext = r.optional("JavaThread._next"); r.statics["ThreadsSMRSupport._java_thread_list"] == 0 &&
		l.threadNext >= 0 {
		l.firstThread = r.variable("Threads._thread_list")
	} else {
		l.threadList = r.variable("ThreadsSMRSupport._java_thread_list")
		l.listThreads, l.listLength = uint64(r.field("ThreadsList._threads")), uint64(r.field("ThreadsList._length"))
	}
	l.osThread = r.field("JavaThread._osthread", "Thread._osthread")
	l.threadObject, l.objectIsHandle = r.field("JavaThread._threadObj"), r.handles["JavaThread._threadObj"]
	l.anchor, l.state = r.field("JavaThread._anchor"), r.field("JavaThread._thread_state")
	l.pending = r.field("JavaThread._current_pending_monitor", "Thread._current_pending_monitor")
	l.waiting = r.field("JavaThread._current_waiting_monitor", "Thread._current_waiting_monitor")
	l.stackBase, l.stackSize = r.field("JavaThread._stack_base", "Thread._stack_base"),
		r.field("JavaThread._stack_size", "Thread._stack_size")
	l.tid = r.field("OSThread._thread_id")
	l.lastSP, l.lastPC, l.lastFP = r.field("JavaFrameAnchor._last_Java_sp"), r.field("JavaFrameAnchor._last_Java_pc"),
		r.field("JavaFrameAnchor._last_Java_fp")
	l.wrapperAnchor = r.field("JavaCallWrapper._anchor")
	l.blocked, l.inJava = r.number("_thread_blocked"), r.number("_thread_in_Java")
	l.owner = r.field("ObjectMonitor._owner")
	l.object, l.monitorIsHandle = r.field("ObjectMonitor._object"), l.version >= 16 // the tables give it no type
	l.monitorID, l.lockStack = r.optional("JavaThread._monitor_owner_id"), r.optional("JavaThread._lock_stack")
	l.lockTop, l.lockFirst = r.optional("LockStack._top"), r.optional("LockStack._base[0]")
	l.threadEnd = 0
	lockEnd := l.lockStack + r.sizes["LockStack"] - 8 // negative where there is none
	for _, at := range []int{l.osThread, l.threadObject, l.anchor + l.lastSP, l.anchor + l.lastPC, l.anchor + l.lastFP,
		l.state, l.pending, l.waiting, l.stackBase, l.stackSize, l.monitorID, lockEnd} {
		l.threadEnd = max(l.threadEnd, at+8)
	}
}

func (r *resolver) ofMethods(l *layout) {
	l.constMethod = r.field("Method._constMethod")
	l.methodFlags = r.optional("Method._flags")
	l.constants, l.codeSize = r.field("ConstMethod._constants"), r.field("ConstMethod._code_size")
	l.constFlags, l.nameIndex = r.optional("ConstMethod._flags", "ConstMethod._flags._flags"),
		r.field("ConstMethod._name_index")
	l.constMethodSize = r.size("ConstMethod")
	l.hasLines = 1 // the first of ConstMethod's flags in every version
	l.hidden = uint32(r.numbers["Method::_hidden"])
	l.holder, l.poolSize = r.field("ConstantPool._pool_holder"), r.size("ConstantPool")
}

func (r *resolver) ofClasses(l *layout) {
	l.sourceOfPool, l.sourceOfClass = r.optional("ConstantPool._source_file_name_index"),
		r.optional("InstanceKlass._source_file_name_index")
	l.className, l.classSuper = r.field("Klass._name"), r.field("Klass._super")
	l.loaderData, l.loader = r.field("Klass._class_loader_data"), r.field("ClassLoaderData._class_loader")
	l.loaderIsHandle = r.handles["ClassLoaderData._class_loader"]
	l.classConstants = r.field("InstanceKlass._constants")
	l.fields, l.fieldStream = r.optional("InstanceKlass._fields"), r.optional("InstanceKlass._fieldinfo_stream")
	l.fieldCount = r.optional("InstanceKlass._java_fields_count")
	l.symbolLength, l.symbolBody = r.field("Symbol._length"), r.field("Symbol._body")
	l.bytesData, l.shortsData, l.arrayLength = r.field("Array<u1>._data"), r.field("Array<u2>._data"),
		r.field("Array<int>._length")
	l.klass, l.tight = r.field("oopDesc._metadata._klass"), l.version >= 23
	l.markShift = uint(r.numbers["markWord::klass_shift"]) & 63
}

func (r *resolver) ofCode(l *layout) {
	l.growableLength, l.growableData = r.field("GrowableArrayBase._len", "GenericGrowableArray._len"),
		r.field("GrowableArray<int>._data")
	l.heapMemory, l.heapSegments, l.heapShift = r.field("CodeHeap._memory"), r.field("CodeHeap._segmap"),
		r.field("CodeHeap._log2_segment_size")
	l.low, l.high = r.field("VirtualSpace._low"), r.field("VirtualSpace._high")
	l.blockHeader = r.size("HeapBlock")
	l.blobName, l.blobSize, l.blobFrame = r.field("CodeBlob._name"), r.field("CodeBlob._size"),
		r.field("CodeBlob._frame_size")
	l.nmMethod, l.nmPCs = r.field("CompiledMethod._method", "nmethod._method"), r.field("nmethod._scopes_pcs_offset")
	if l.nmConstant = r.optional("nmethod._immutable_data"); l.nmConstant >= 0 {
		l.apart = true
		l.blobCode, l.blobEnd = r.field("CodeBlob._code_offset"), r.field("CodeBlob._data_offset")
		l.nmScopes, l.nmDeopt = r.field("nmethod._scopes_data_offset"), r.field("nmethod._deopt_handler_offset")
		l.blobMutable, l.blobRelocation = r.field("CodeBlob._mutable_data"), r.field("CodeBlob._relocation_size")
	} else {
		l.blobCode, l.blobEnd = r.field("CodeBlob._code_begin"), r.field("CodeBlob._code_end")
		l.nmScopes, l.nmDeopt = r.field("CompiledMethod._scopes_data_begin"), r.field("CompiledMethod._deopt_handler_begin")
		l.nmMetadata, l.nmPCsEnd = r.field("nmethod._metadata_offset"), r.field("nmethod._dependencies_offset")
	}
	l.nmOriginal, l.nmCompile = r.field("nmethod._orig_pc_offset"), r.field("nmethod._compile_id")
	l.pcSize, l.pcOffset, l.pcScope = r.size("PcDesc"), r.field("PcDesc._pc_offset"), r.field("PcDesc._scope_decode_offset")
}
