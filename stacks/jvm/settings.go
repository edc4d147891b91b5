package jvm

import (
	"fmt"
	"strings"

	"github.com/hangtime-dev/hangtime/stacks/foreign"
)

// Settings are what the virtual machine decides when it starts, by the size of its heap and its options, and keeps.
type settings struct {
	compressedObjects, compressedClasses bool
	compactHeaders                       bool // an object has its class in its first word
	colored                              bool // references have other bits than the address: of ZGC with generations
	objectBase, classBase                uint64
	objectShift, classShift              uint
	heaps                                uint64 // the list of the code cache's heaps
	interpreterLow, interpreterHigh      uint64
	shadow                               uint64 // bytes below a frame that a function must be able to use
	mirrorKlass                          int    // where an object of java.lang.Class has the class that it stands for
	callStub                             uint64 // where a call from the virtual machine into Java returns to
}

// readSettings reads the settings of a virtual machine that has threads: before it has them it has not decided them all.
func readSettings(view *foreign.View, t tables, version int) (settings, error) {
	r := &resolver{tables: t, view: view}
	s := settings{compressedObjects: view.Block(r.option("UseCompressedOops"), 1).Byte(0) != 0,
		compressedClasses: view.Block(r.option("UseCompressedClassPointers"), 1).Byte(0) != 0}
	s.compactHeaders = r.numbers["markWord::klass_shift"] != 0 && r.isSet("UseCompactObjectHeaders")
	s.colored = r.isSet("UseZGC") && (version >= 24 || r.isSet("ZGenerational")) // which JDK 24 took out: it is always so
	s.shadow = min(view.Word(r.option("StackShadowPages")), maxShadow) * pageSize
	s.objectBase = view.Word(r.variable("CompressedOops._base", "CompressedOops._narrow_oop._base",
		"Universe._narrow_oop._base"))
	s.classBase = view.Word(r.variable("CompressedKlassPointers._base", "CompressedKlassPointers._narrow_klass._base",
		"Universe._narrow_klass._base"))
	s.objectShift = uint(view.Block(r.variable("CompressedOops._shift", "CompressedOops._narrow_oop._shift",
		"Universe._narrow_oop._shift"), 4).Uint32(0))
	s.classShift = uint(view.Block(r.variable("CompressedKlassPointers._shift",
		"CompressedKlassPointers._narrow_klass._shift", "Universe._narrow_klass._shift"), 4).Uint32(0))
	s.heaps = view.Word(r.variable("CodeCache._heaps"))
	stubs := view.Word(r.variable("AbstractInterpreter._code"))
	s.interpreterLow = view.Word(stubs + uint64(r.field("StubQueue._stub_buffer")))
	s.interpreterHigh = s.interpreterLow + uint64(view.Block(stubs+uint64(r.field("StubQueue._buffer_limit")), 4).Uint32(0))
	s.mirrorKlass = int(int32(view.Block(r.variable("java_lang_Class._klass_offset"), 4).Uint32(0)))
	s.callStub = view.Word(r.variable("StubRoutines._call_stub_return_address"))
	if len(r.missing) > 0 {
		return s, fmt.Errorf("its tables for debuggers lack %s", strings.Join(r.missing, ", "))
	}
	return s, nil
}

// isSet says whether there is an option of this name and it is on.
func (r *resolver) isSet(name string) bool {
	at := r.findOption(name)
	return at != 0 && r.view.Block(at, 1).Byte(0) != 0
}

// option is the address of an option's value.
func (r *resolver) option(name string) uint64 {
	at := r.findOption(name)
	if at == 0 {
		r.missing = append(r.missing, "option "+name)
	}
	return at
}

// findOption is the same where there may be none; 0: there is none.
func (r *resolver) findOption(name string) uint64 {
	size := r.size("JVMFlag")
	all, count := r.view.Word(r.variable("JVMFlag.flags")), min(r.view.Word(r.variable("JVMFlag.numFlags")), maxOptions)
	block := r.view.Block(all, int(count)*size)
	for ; len(block) >= size && size > 0; block = block[size:] {
		if r.view.CString(block.Word(r.field("JVMFlag._name")), maxWord) == name {
			return block.Word(r.field("JVMFlag._addr"))
		}
	}
	return 0
}

// maxShadow bounds StackShadowPages, of which 20 are usual.
const maxShadow = 50

// maxOptions bounds the options: JDK 17 has some 1400, a build for debugging more.
const maxOptions = 4096
