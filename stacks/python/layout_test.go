package python

import (
	"encoding/binary"
	"strings"
	"testing"
)

// Fields of struct _Py_DebugOffsets in their order, up to those that are read
// (Include/internal/pycore_debug_offsets.h of 3.13 and 3.14).
const (
	fields313 = `cookie version free_threaded
		runtime.size runtime.finalizing runtime.interpreters_head
		interpreter.size interpreter.id interpreter.next interpreter.threads_head interpreter.gc interpreter.imports_modules interpreter.sysdict interpreter.builtins
		interpreter.ceval_gil interpreter.gil interpreter.gil_enabled interpreter.gil_locked interpreter.gil_holder
		thread.size thread.prev thread.next thread.interp thread.current_frame thread.thread_id thread.native_thread_id thread.datastack_chunk thread.status
		frame.size frame.previous frame.executable frame.instr_ptr frame.localsplus frame.owner
		code.size code.filename code.name code.qualname code.linetable code.firstlineno code.argcount code.localsplusnames code.localspluskinds code.co_code_adaptive`
	fields314 = `cookie version free_threaded
		runtime.size runtime.finalizing runtime.interpreters_head
		interpreter.size interpreter.id interpreter.next interpreter.threads_head interpreter.threads_main interpreter.gc interpreter.imports_modules interpreter.sysdict interpreter.builtins
		interpreter.ceval_gil interpreter.gil interpreter.gil_enabled interpreter.gil_locked interpreter.gil_holder interpreter.code_object_generation interpreter.tlbc_generation
		thread.size thread.prev thread.next thread.interp thread.current_frame thread.thread_id thread.native_thread_id thread.datastack_chunk thread.status
		frame.size frame.previous frame.executable frame.instr_ptr frame.localsplus frame.owner frame.stackpointer frame.tlbc_index
		code.size code.filename code.name code.qualname code.linetable code.firstlineno code.argcount code.localsplusnames code.localspluskinds code.co_code_adaptive`
)

func TestADescriptionIsReadByTheOrderOfItsFields(t *testing.T) {
	for version, fields := range map[uint64]string{0x030d: fields313, 0x030e: fields314} {
		words, at := make([]byte, describedWords*8), map[string]uint64{}
		for i, name := range strings.Fields(fields) {
			at[name] = 1000 + 8*uint64(i)
			binary.LittleEndian.PutUint64(words[8*i:], at[name])
		}
		copy(words, cookie)
		binary.LittleEndian.PutUint64(words[8:], version<<16)
		binary.LittleEndian.PutUint64(words[16:], 0)
		l, err := described(words)
		if err != nil {
			t.Fatal(err)
		}
		for _, one := range []struct {
			name string
			got  uint64
		}{
			{"runtime.interpreters_head", l.interpreter.head},
			{"interpreter.next", l.interpreter.next},
			{"interpreter.threads_head", l.interpreter.threads},
			{"interpreter.imports_modules", l.interpreter.modules},
			{"interpreter.ceval_gil", l.gil.at},
			{"thread.next", l.thread.next},
			{"thread.current_frame", l.thread.frame},
			{"thread.thread_id", l.thread.ident},
			{"thread.native_thread_id", l.thread.nativeID},
			{"frame.previous", l.frame.previous},
			{"frame.executable", l.frame.code},
			{"frame.instr_ptr", l.frame.instruction},
			{"frame.localsplus", l.frame.locals},
			{"frame.owner", l.frame.owner},
			{"code.filename", l.code.file},
			{"code.qualname", l.code.name},
			{"code.linetable", l.code.lines},
			{"code.firstlineno", l.code.first},
			{"code.localsplusnames", l.code.variables},
			{"code.co_code_adaptive", l.code.bytecode},
		} {
			if one.got != at[one.name] {
				t.Errorf("%#x: %s is at %d, want %d", version, one.name, one.got, at[one.name])
			}
		}
		if l.gil.locked != at["interpreter.gil_locked"]-at["interpreter.gil"] ||
			l.gil.holder != at["interpreter.gil_holder"]-at["interpreter.gil"] {
			t.Errorf("%#x: the GIL's fields are at %d and %d", version, l.gil.locked, l.gil.holder)
		}
		if version == 0x030e && l.frame.depth != at["frame.stackpointer"] {
			t.Errorf("the stack pointer is at %d", l.frame.depth)
		}
		binary.LittleEndian.PutUint64(words[16:], 1)
		if _, err := described(words); err == nil {
			t.Errorf("%#x: objects without the GIL have another layout", version)
		}
	}
}
