package node

import (
	"bytes"
	"cmp"
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/hangtime-dev/hangtime/stacks/foreign"
	"github.com/hangtime-dev/hangtime/stacks/symbols"
)

// A layout is where the fields that are read lie in V8's objects, in bytes, and how it writes values, by its metadata
// (v8dbg_*, gen-postmortem-metadata.py).
type layout struct {
	objectLayout
	stringLayout
	frameLayout
	isolateLayout
	codeLayout
}

// objectLayout is that of the objects that describe functions, and of what every object begins with.
type objectLayout struct {
	mapType                                         int // of Map: its instance type
	functionShared                                  int // of JSFunction
	sharedName, sharedScript                        int // of SharedFunctionInfo
	scriptName, scriptSource                        int // of Script
	bytecodes, bytecodePlaces                       int // of BytecodeArray: its first bytecode, and where they came from
	flagged                                         bool
	bytecodeType, scopeType, sharedType, scriptType int // types of objects
}

// stringLayout is that of the kinds of strings.
type stringLayout struct {
	stringLength, oneByte, twoByte         int // of String
	consFirst, consSecond                  int
	thinActual, slicedParent, slicedOffset int
	firstNonString                         int // type of an object
	representation, encoding, oneByteTag   int // bits of a string's type
	seq, cons, external, sliced, thin      int
}

// frameLayout is that of the frames on the stack, from their frame pointers.
type frameLayout struct {
	frameFunction, frameMarker      int
	frameBytecodes, frameBytecode   int
	entryFrame, constructEntryFrame int // types of frames
	builtinExitFrame                int
}

// isolateLayout is that of the isolate, from the code of V8's JSEntry.
type isolateLayout struct {
	exitOffset, entryOffset int
}

// fields are the names in the metadata, and where they go.
func (l *layout) fields() map[string]*int {
	return map[string]*int{
		"class_Map__instance_type__uint16_t":                         &l.mapType,
		"class_JSFunction__shared__SharedFunctionInfo":               &l.functionShared,
		"class_SharedFunctionInfo__name_or_scope_info__Object":       &l.sharedName,
		"class_SharedFunctionInfo__script_or_debug_info__HeapObject": &l.sharedScript,
		"class_Script__name__Object":                                 &l.scriptName,
		"class_Script__source__Object":                               &l.scriptSource,
		"class_String__length__int32_t":                              &l.stringLength,
		"class_SeqOneByteString__chars__char":                        &l.oneByte,
		"class_SeqTwoByteString__chars__char":                        &l.twoByte,
		"class_ConsString__first__String":                            &l.consFirst,
		"class_ConsString__second__String":                           &l.consSecond,
		"class_ThinString__actual__String":                           &l.thinActual,
		"class_SlicedString__parent__String":                         &l.slicedParent,
		"class_SlicedString__offset__SMI":                            &l.slicedOffset,
		"class_BytecodeArray__data__uintptr_t":                       &l.bytecodes,
		"off_fp_function":                                            &l.frameFunction,
		"off_fp_context_or_frame_type":                               &l.frameMarker,
		"off_fp_bytecode_array":                                      &l.frameBytecodes,
		"off_fp_bytecode_offset":                                     &l.frameBytecode,
		"FirstNonstringType":                                         &l.firstNonString,
		"type_BytecodeArray__BYTECODE_ARRAY_TYPE":                    &l.bytecodeType,
		"type_ScopeInfo__SCOPE_INFO_TYPE":                            &l.scopeType,
		"type_SharedFunctionInfo__SHARED_FUNCTION_INFO_TYPE":         &l.sharedType,
		"type_Script__SCRIPT_TYPE":                                   &l.scriptType,
		"StringRepresentationMask":                                   &l.representation,
		"StringEncodingMask":                                         &l.encoding,
		"OneByteStringTag":                                           &l.oneByteTag,
		"SeqStringTag":                                               &l.seq,
		"ConsStringTag":                                              &l.cons,
		"ExternalStringTag":                                          &l.external,
		"SlicedStringTag":                                            &l.sliced,
		"ThinStringTag":                                              &l.thin,
		"frametype_EntryFrame":                                       &l.entryFrame,
		"frametype_ConstructEntryFrame":                              &l.constructEntryFrame,
		"frametype_BuiltinExitFrame":                                 &l.builtinExitFrame,
	}
}

// renamed are what names of the metadata are in later versions, which write types otherwise.
var renamed = map[string][]string{
	"class_SharedFunctionInfo__name_or_scope_info__Object": {
		"class_SharedFunctionInfo__name_or_scope_info__Tagged_Object_",           // V8 12
		"class_SharedFunctionInfo__name_or_scope_info__Tagged_NameOrScopeInfoT_", // 13
	},
	"class_SharedFunctionInfo__script_or_debug_info__HeapObject": {"class_SharedFunctionInfo__script__Tagged_HeapObject_"},
}

func metadata() []string {
	names := []string{"v8dbg_HeapObjectTag", bytecodeWrapper, majorVersion}
	for name := range new(layout).fields() {
		names = append(names, "v8dbg_"+name)
		for _, other := range renamed[name] {
			names = append(names, "v8dbg_"+other)
		}
	}
	return names
}

// readLayout reads the metadata from the variables that it is in.
func readLayout(view *foreign.View, at map[string]uint64) (layout, error) {
	var l layout
	var missing []string
	for name, into := range l.fields() {
		address := at["v8dbg_"+name]
		for _, other := range renamed[name] {
			address = cmp.Or(address, at["v8dbg_"+other])
		}
		b := view.Block(address, 4)
		if *into = int(int32(b.Uint32(0))); b == nil || *into < -maxOffset || *into > maxOffset {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		return l, fmt.Errorf("its metadata lacks %s", strings.Join(missing, ", "))
	}
	l.bytecodePlaces = placesBehind
	if at[bytecodeWrapper] != 0 {
		l.bytecodePlaces = placesBefore
	}
	l.flagged = view.Block(at[majorVersion], 4).Uint32(0) >= 14
	return l, nil
}

// majorVersion is V8's variable of its own version.
const majorVersion = "_ZN2v88internal7Version6major_E"

// bytecodeWrapper is a field of BytecodeArray since V8 12.
const bytecodeWrapper = "v8dbg_class_BytecodeArray__wrapper__Tagged_BytecodeWrapper_"

// maxOffset bounds what is in the metadata.
const maxOffset = 1 << 12

// rootBias is how far behind the isolate the register r13 points while JavaScript runs (kRootRegisterBias).
const rootBias = 128

// readEntry finds in the isolate what V8 notes when C++ calls JavaScript, from the code that does: it pushes the one
// and fills in the other. It begins the same in every version (builtins-x64.cc, JSEntry).
func (l *isolateLayout) readEntry(object *symbols.Object) error {
	// push rbp; mov rbp, rsp; push 2; sub rsp, 8; push r12, r13, r14, r15, rbx; mov r13, rdi; push [r13+…]
	begins := []byte{0x55, 0x48, 0x89, 0xe5, 0x6a, 0x02, 0x48, 0x83, 0xec, 0x08, 0x41, 0x54, 0x41, 0x55, 0x41, 0x56,
		0x41, 0x57, 0x53, 0x4c, 0x8b, 0xef, 0x41, 0xff, 0xb5}
	fills := []byte{0x49, 0x89, 0x85} // mov [r13+…], rax
	for _, part := range object.Progs {
		if part.Type != elf.PT_LOAD || part.Flags&elf.PF_X == 0 {
			continue
		}
		entry := search(part, begins)
		fill := bytes.Index(entry, fills)
		if fill < 0 || fill+7 > len(entry) {
			continue
		}
		l.exitOffset = rootBias + int(int32(binary.LittleEndian.Uint32(entry[len(begins):])))
		l.entryOffset = rootBias + int(int32(binary.LittleEndian.Uint32(entry[fill+len(fills):])))
		if l.exitOffset > 0 && l.entryOffset > 0 && max(l.exitOffset, l.entryOffset) <= maxIsolate {
			return nil
		}
	}
	return errors.New("the code was not found with which it calls JavaScript")
}

const (
	maxIsolate = 1 << 16   // bytes of an isolate in which that is
	maxCode    = 256 << 20 // bytes of a program's code
	codeWindow = 1 << 20   // of it that are read at once
	entryCode  = 128       // of JSEntry that are looked at
)

// search is what follows where a part of a program has these bytes first; nil: it has not.
func search(part *elf.Prog, begins []byte) []byte {
	window := make([]byte, codeWindow+entryCode)
	for at := uint64(0); at < min(part.Filesz, maxCode); at += codeWindow {
		n, err := part.ReadAt(window, int64(at))
		if err != nil && err != io.EOF {
			return nil
		}
		if found := bytes.Index(window[:n], begins); found >= 0 && found < codeWindow {
			return window[found:min(n, found+entryCode)]
		}
	}
	return nil
}
