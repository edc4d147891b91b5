package node

import (
	"debug/elf"
	"errors"
	"slices"
	"strings"

	"github.com/hangtime-dev/hangtime/kernel/proc"
	"github.com/hangtime-dev/hangtime/stacks"
	"github.com/hangtime-dev/hangtime/stacks/foreign"
	"github.com/hangtime-dev/hangtime/stacks/symbols"
)

// Where the C library of GNU has a thread's own things on amd64, in bytes from its pointer to them (struct pthread,
// nptl/descr.h, 2.31 to 2.41).
const (
	selfAt     = 16  // that pointer itself
	tidAt      = 720 // the kernel's id of the thread
	valuesAt   = 784 // the values of pthread_setspecific, each behind a number
	maxValues  = 32
	controlEnd = 2048
)

// V8's variable of each thread in which its isolate is, since Node.js 20; and the key before, of pthread_setspecific.
const (
	currentIsolate = "_ZN2v88internal18g_current_isolate_E"
	isolateKey     = "_ZN2v88internal7Isolate12isolate_key_E"
	keyCreated     = "_ZN2v88internal7Isolate20isolate_key_created_E"
)

// A variable is where each thread has its isolate.
type variable struct {
	ofProgram bool   // it lies at offset from the thread's own things; else it is a value of pthread_setspecific
	offset    uint64 // from the pointer to them
	key       uint64 // address of the key
	created   uint64 // address of the byte that says whether there is a key yet
}

// isolate is the one of the thread whose own things are at control; 0: it has none, or none yet.
func (v variable) isolate(view *foreign.View, control uint64) uint64 {
	if v.ofProgram {
		return view.Word(control + v.offset)
	}
	key := view.Block(v.key, 4)
	if n := key.Uint32(0); key != nil && n < maxValues && view.Block(v.created, 1).Byte(0) == 1 {
		return view.Word(control + valuesAt + 16*uint64(n) + 8)
	}
	return 0
}

// findVariable finds where threads have their isolates.
func findVariable(object *symbols.Object) (v variable, err error) {
	if v.offset, v.ofProgram = isolateOffset(object); v.ofProgram {
		return v, nil
	}
	at := object.Addresses(isolateKey, keyCreated)
	if v.key, v.created = at[isolateKey], at[keyCreated]; v.key == 0 || v.created == 0 {
		return v, errors.New("it has no variable for the isolate of a thread")
	}
	return v, nil
}

// controls are where threads have their own things, by their ids in the kernel. The C library has them in memory without
// a name; there a word that points to itself, one more, and the thread's id show them. It looks through the end of each
// piece of memory that might be: so much of it, until it has found the thread enough (0: all that there are).
func controls(p stacks.Process, view *foreign.View, ids *stacks.ThreadIDs, might func(below, a proc.Mapping) bool, much uint64,
	enough int) (map[int]uint64, error) {
	areas, err := proc.FS(p.Proc).Maps(p.PID)
	if err != nil {
		return nil, err
	}
	found := map[int]uint64{}
	for i := len(areas) - 1; i >= 0; i-- { // new memory comes below the old mostly, and the main thread's is among the oldest
		a, below := areas[i], proc.Mapping{}
		if i > 0 {
			below = areas[i-1]
		}
		if a.Path != "" || !strings.HasPrefix(a.Rights, "rw") || !might(below, a) {
			continue
		}
		low := max(a.Low, a.High-min(much, a.High))
		memory := view.Block(low, int(a.High-low))
		for at := 0; at+controlEnd <= len(memory); at += 64 {
			address := low + uint64(at)
			if memory.Word(at) != address || memory.Word(at+selfAt) != address {
				continue
			}
			if tid := ids.Of(int(int32(memory.Uint32(at + tidAt)))); tid > 0 {
				found[tid] = address
				if tid == enough {
					return found, nil
				}
			}
		}
	}
	return found, nil
}

// findControl finds the main thread's own things.
func findControl(p stacks.Process, view *foreign.View) (uint64, error) {
	const much = 256 << 10
	anywhere := func(proc.Mapping, proc.Mapping) bool { return true }
	found, err := controls(p, view, stacks.NewThreadIDs(p), anywhere, much, p.PID)
	if err == nil && found[p.PID] == 0 {
		err = errors.New("the variables of its main thread were not found")
	}
	return found[p.PID], err
}

// isolateOffset is where the variable of a thread lies from the pointer to its own things: a program's come right
// before it (Drepper, ELF Handling For Thread-Local Storage, variant II).
func isolateOffset(object *symbols.Object) (uint64, bool) {
	// A library's lie where the loader found room.
	if object.Type == elf.ET_DYN && object.Section(".interp") == nil {
		return 0, false
	}
	if s, found := object.Named(currentIsolate); found && elf.ST_TYPE(s.Info) == elf.STT_TLS {
		for _, part := range object.Progs {
			if part.Type == elf.PT_TLS && part.Align > 0 {
				size := (part.Memsz + part.Align - 1) / part.Align * part.Align
				return s.Value - size, true
			}
		}
	}
	return 0, false
}

// waitsForEvents says that a thread waits in the kernel for the next event of any kind (proc_pid_syscall(5)).
func waitsForEvents(p stacks.Process, tid int) bool {
	call, err := proc.FS(p.Proc).Thread(p.PID, tid).Call()
	if err != nil || call.Running || call.None {
		return false
	}
	return slices.Contains([]string{"epoll_wait", "epoll_pwait", "epoll_pwait2"}, call.Name())
}
