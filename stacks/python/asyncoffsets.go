package python

import (
	"debug/elf"
	"encoding/binary"
)

// asyncOffsets are what 3.14's _asyncio tells of itself in a section of its own (Modules/_asynciomodule.c):
// Py_AsyncioModuleDebugOffsets.
type asyncOffsets struct {
	name, isTask, coroutine, node uint64 // within a task
	interpreterTasks              uint64 // head of the list of the tasks whose threads have ended, in the interpreter
	threadTasks                   uint64 // head of the list of a thread's tasks, in the thread
}

// asyncIn reads them; nil: the file has none.
func asyncIn(file *elf.File) *asyncOffsets {
	section := file.Section(".AsyncioDebug")
	const words = 13
	if section == nil || section.Size < words*8 || section.Size > 4096 {
		return nil
	}
	raw, err := section.Data()
	if err != nil || len(raw) < words*8 {
		return nil
	}
	q := func(i int) uint64 { return binary.LittleEndian.Uint64(raw[8*i:]) }
	out := &asyncOffsets{name: q(1), isTask: q(3), coroutine: q(5), node: q(6), interpreterTasks: q(8), threadTasks: q(12)}
	for _, offset := range []uint64{out.name, out.isTask, out.coroutine, out.node, out.interpreterTasks, out.threadTasks} {
		if offset == 0 || offset > 1<<20 {
			return nil
		}
	}
	return out
}
