package node

import (
	"github.com/hangtime-dev/hangtime/kernel/proc"
	"github.com/hangtime-dev/hangtime/stacks"
	"github.com/hangtime-dev/hangtime/stacks/foreign"
	"github.com/hangtime-dev/hangtime/stacks/symbols"
)

// sizesOfBytecodes is V8's table of the sizes of its bytecodes, for each of their three widths.
const (
	sizesOfBytecodes = "_ZN2v88internal11interpreter9Bytecodes14kBytecodeSizesE"
	widths           = 3
)

// codeFields are the names of what the metadata says of compiled code: c's in the versions that call the code itself an
// InstructionStream, own's in those before.
func codeFields(c, own *codeLayout) map[string]*int {
	return map[string]*int{
		"type_InstructionStream__INSTRUCTION_STREAM_TYPE":       &c.streamType,
		"class_InstructionStream__instruction_start__uintptr_t": &c.streamStart,
		"class_Code__deoptimization_data__FixedArray":           &c.codeData,
		"class_Code__instruction_start__Address":                &c.codeStart,
		"class_Code__flags__uint32_t":                           &c.codeFlags,
		"class_Code__instruction_size__int":                     &c.codeSize,
		"class_SharedFunctionInfo__function_data__Object":       &c.sharedData,
		"type_Code__CODE_TYPE":                                  &own.streamType,
		"class_Code__instruction_start__uintptr_t":              &own.streamStart,
		"CodeKindBaseline":                                      &c.baseline,
		"CodeKindFieldMask":                                     &c.kindOfFlags,
	}
}

func codeMetadata() []string {
	names := []string{sizesOfBytecodes}
	for name := range codeFields(&codeLayout{}, &codeLayout{}) {
		names = append(names, "v8dbg_"+name)
	}
	return names
}

// readCode reads where compiled code lies, from what the metadata says of it; what is missing there lies behind what is
// not (code.h of V8 11). Where too little is known it stays 0, and of compiled functions only the beginning is told.
func (l *layout) readCode(view *foreign.View, object *symbols.Object, at map[string]uint64) {
	var c, own codeLayout
	for name, value := range codeFields(&c, &own) {
		if b := view.Block(at["v8dbg_"+name], 4); b != nil {
			*value = int(int32(b.Uint32(0)))
		}
	}
	loop := 12
	switch {
	case c.streamType == 0 && own.streamStart > 0 && c.codeSize > 0: // before V8 11
		c.streamType, c.streamStart, c.codeData, c.codePlaces, loop = own.streamType, own.streamStart, 16, 24, 20
	case c.codeData == 0 && c.codeStart > 0: // since V8 12
		c.codeData, c.codePlaces, c.sharedData = 8, 16, 8
	case c.codeData > 0 && c.codeStart == 0:
		c.codePlaces, c.codeStart, c.codeFlags, c.codeSize = c.codeData+8, c.codeData+24, c.codeData+32, c.codeData+40
	}
	if c.streamType == 0 || c.streamStart <= 0 || c.codeData <= 0 || c.sharedData <= 0 || c.kindOfFlags == 0 {
		return
	}
	c.codeLoop = c.codeSize + loop
	c.bytecodeSizes, c.kinds = at[sizesOfBytecodes], kindsOf(object)
	l.codeLayout = c
}

// kindsOf is how many bytecodes there are, by the size of the table.
func kindsOf(object *symbols.Object) int {
	s, found := object.Named(sizesOfBytecodes)
	if !found || s.Size > widths*maxSizes {
		return 0
	}
	return int(s.Size) / widths
}

// programOf is the memory of files that a process may run.
func programOf(p stacks.Process) (all []span) {
	areas, err := proc.FS(p.Proc).Maps(p.PID)
	if err != nil {
		return nil
	}
	for _, a := range areas {
		if a.Path != "" && len(a.Rights) > 2 && a.Rights[2] == 'x' {
			all = append(all, span{a.Low, a.High})
		}
	}
	return all
}
