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

// A variable is where the main thread has its isolate.
type variable struct {
	at      uint64 // its address; 0: it is a value of pthread_setspecific
	control uint64 // address of the thread's own things
	key     uint64 // address of the key
	created uint64 // address of the byte that says whether there is a key yet
}

// isolate is the address of the word that has it; 0: there is none yet.
func (v variable) isolate(view *foreign.View) uint64 {
	if v.at != 0 {
		return v.at
	}
	key := view.Block(v.key, 4)
	if n := key.Uint32(0); key != nil && n < maxValues && view.Block(v.created, 1).Byte(0) == 1 {
		return v.control + valuesAt + 16*uint64(n) + 8
	}
	return 0
}

// findVariable finds where the main thread has its isolate.
func findVariable(p stacks.Process, view *foreign.View, object *symbols.Object) (variable, error) {
	var v variable
	offset, ofProgram := isolateOffset(object)
	if !ofProgram {
		at := object.Addresses(isolateKey, keyCreated)
		if v.key, v.created = at[isolateKey], at[keyCreated]; v.key == 0 || v.created == 0 {
			return v, errors.New("it has no variable for the isolate of a thread")
		}
	}
	var err error
	if v.control, err = findControl(p, view); err != nil {
		return v, err
	}
	if ofProgram {
		v.at = v.control + offset
	}
	return v, nil
}

// findControl finds the main thread's own things. The C library has them in memory without a name; there a word that
// points to itself, one more, and the thread's id show them.
func findControl(p stacks.Process, view *foreign.View) (uint64, error) {
	areas, err := proc.FS(p.Proc).Maps(p.PID)
	if err != nil {
		return 0, err
	}
	ids := stacks.NewThreadIDs(p)
	slices.Reverse(areas) // new memory comes below the old mostly, and the main thread's is among the oldest
	for _, a := range areas {
		if a.Path != "" || !strings.HasPrefix(a.Rights, "rw") {
			continue
		}
		low := max(a.Low, a.High-min(maxControl, a.High))
		memory := view.Block(low, int(a.High-low))
		for at := 0; at+controlEnd <= len(memory); at += 64 {
			address := low + uint64(at)
			if memory.Word(at) == address && memory.Word(at+selfAt) == address &&
				ids.Of(int(int32(memory.Uint32(at+tidAt)))) == p.PID {
				return address, nil
			}
		}
	}
	return 0, errors.New("the variables of its main thread were not found")
}

// maxControl is how much of each piece of memory is looked through, from its end.
const maxControl = 256 << 10

// isolateOffset is where the variable of a thread lies from the pointer to its own things: a program's come right
// before it (Drepper, ELF Handling For Thread-Local Storage, variant II).
func isolateOffset(object *symbols.Object) (uint64, bool) {
	all, err := object.DynamicSymbols()
	// A library's lie where the loader found room.
	if err != nil || object.Type == elf.ET_DYN && object.Section(".interp") == nil {
		return 0, false
	}
	for _, s := range all {
		if s.Name != currentIsolate || elf.ST_TYPE(s.Info) != elf.STT_TLS {
			continue
		}
		for _, part := range object.Progs {
			if part.Type == elf.PT_TLS && part.Align > 0 {
				size := (part.Memsz + part.Align - 1) / part.Align * part.Align
				return s.Value - size, true
			}
		}
	}
	return 0, false
}

// waitsForEvents says that the main thread waits in the kernel for the next event of any kind (proc_pid_syscall(5)).
func waitsForEvents(p stacks.Process) bool {
	call, err := proc.FS(p.Proc).Call(p.PID, p.PID)
	if err != nil || call.Running || call.None {
		return false
	}
	return slices.Contains([]string{"epoll_wait", "epoll_pwait", "epoll_pwait2"}, call.Name())
}
