package jvm

import (
	"fmt"

	"github.com/hangtime-dev/hangtime/stacks/foreign"
)

// The tables are what HotSpot says of itself for debuggers (vmStructs.hpp): where the fields of its structures are,
// how large those are, and what its constants are.
type tables struct {
	offsets map[string]int    // "JavaThread._anchor": of a field in its structure
	statics map[string]uint64 // "Threads._number_of_threads": address of a variable
	sizes   map[string]int    // "ThreadsList": bytes of a structure
	numbers map[string]int64  // "_thread_blocked": constants
	// "JavaThread._threadObj": fields that hold the address of a reference's cell, not the reference.
	handles map[string]bool
}

// Bounds of the tables: JDK 17 has 2600 entries in the longest.
const (
	maxEntries = 8192
	maxEntry   = 128 // bytes of an entry
	maxWord    = 256 // bytes of a name
)

// readTables reads the tables through the variables that libjvm exports for them.
func readTables(view *foreign.View, at map[string]uint64) (tables, error) {
	t := tables{map[string]int{}, map[string]uint64{}, map[string]int{}, map[string]int64{}, map[string]bool{}}
	r := tableReader{view, at}
	r.each("gHotSpotVMStructs", "gHotSpotVMStructEntry", func(e foreign.Block, field func(string) int) bool {
		kind := view.CString(e.Word(field("TypeName")), maxWord)
		name := kind + "." + view.CString(e.Word(field("FieldName")), maxWord)
		if e.Uint32(field("IsStatic")) != 0 {
			t.statics[name] = e.Word(field("Address"))
		} else {
			t.offsets[name] = int(uint32(e.Word(field("Offset"))))
			switch view.CString(e.Word(field("TypeString")), maxWord) {
			case "OopHandle", "WeakHandle":
				t.handles[name] = true
			}
		}
		return kind != ""
	}, "TypeName", "FieldName", "TypeString", "IsStatic", "Offset", "Address")
	r.each("gHotSpotVMTypes", "gHotSpotVMTypeEntry", func(e foreign.Block, field func(string) int) bool {
		name := view.CString(e.Word(field("TypeName")), maxWord)
		t.sizes[name] = int(uint32(e.Word(field("Size"))))
		return name != ""
	}, "TypeName", "Size")
	r.each("gHotSpotVMIntConstants", "gHotSpotVMIntConstantEntry", func(e foreign.Block, field func(string) int) bool {
		name := view.CString(e.Word(field("Name")), maxWord)
		t.numbers[name] = int64(int32(e.Uint32(field("Value"))))
		return name != ""
	}, "Name", "Value")
	r.each("gHotSpotVMLongConstants", "gHotSpotVMLongConstantEntry", func(e foreign.Block, field func(string) int) bool {
		name := view.CString(e.Word(field("Name")), maxWord)
		t.numbers[name] = int64(e.Word(field("Value")))
		return name != ""
	}, "Name", "Value")
	if len(t.offsets) == 0 || len(t.numbers) == 0 {
		return t, fmt.Errorf("its tables for debuggers are empty or cannot be read")
	}
	return t, nil
}

type tableReader struct {
	view *foreign.View
	at   map[string]uint64
}

// each calls for every entry of a table until it says false, with where these fields are in an entry, which libjvm
// exports too.
func (r tableReader) each(table, entry string, of func(e foreign.Block, field func(string) int) bool, fields ...string) {
	stride := int(r.view.Word(r.at[entry+"ArrayStride"]))
	if stride <= 0 || stride > maxEntry {
		return
	}
	offsets := map[string]int{}
	for _, f := range fields {
		offset := int(r.view.Word(r.at[entry+f+"Offset"]))
		if offset < 0 || offset >= stride {
			return
		}
		offsets[f] = offset
	}
	first := r.view.Word(r.at[table])
	for i := range maxEntries {
		e := r.view.Block(first+uint64(i*stride), stride)
		if e == nil || !of(e, func(f string) int { return offsets[f] }) {
			return
		}
	}
}

// exported are the variables of libjvm through which its tables are found.
func exported() []string {
	names := []string{"gHotSpotVMStructs", "gHotSpotVMTypes", "gHotSpotVMIntConstants", "gHotSpotVMLongConstants"}
	for entry, fields := range map[string][]string{
		"gHotSpotVMStructEntry": {"ArrayStride", "TypeNameOffset", "FieldNameOffset", "TypeStringOffset",
			"IsStaticOffset", "OffsetOffset", "AddressOffset"},
		"gHotSpotVMTypeEntry":         {"ArrayStride", "TypeNameOffset", "SizeOffset"},
		"gHotSpotVMIntConstantEntry":  {"ArrayStride", "NameOffset", "ValueOffset"},
		"gHotSpotVMLongConstantEntry": {"ArrayStride", "NameOffset", "ValueOffset"},
	} {
		for _, f := range fields {
			names = append(names, entry+f)
		}
	}
	return names
}
