package python

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/hangtime-dev/hangtime/kernel/memory"
	"github.com/hangtime-dev/hangtime/stacks"
)

// Where the objects of _thread keep their state (Modules/_threadmodule.c, _queuemodule.c): to 3.13 a pointer to a semaphore of the C library, whose first word is the futex;
// from 3.14 a byte whose second bit says that somebody waits.
const (
	lockState  = 16
	rlockOwner = 24 // pthread_self of the thread that has it
	boundSelf  = 24 // of methods: im_self and m_self are in the same place
	hasWaiters = 3
)

// lockWait tells which lock a thread waits for whose innermost function called for it: one on its stack whose futex the kernel has the thread wait for.
func (r *Reader) lockWait(t *thread) stacks.Wait {
	if len(t.frames) == 0 {
		return stacks.Wait{}
	}
	f, candidates := t.frames[0], r.locksOn(t.frames[0])
	if len(candidates) == 0 {
		return stacks.Wait{}
	}
	futex := r.futex(t.tid)
	for _, object := range candidates {
		if !r.isAt(object, futex) {
			continue
		}
		w := stacks.Wait{On: "lock", Object: object, Name: r.nameOf(f, object), FD: -1}
		if r.typeOf(object).name == "_queue.SimpleQueue" {
			w.On = "queue"
			return w
		}
		if w.Name == "" && len(t.frames) > 1 {
			w.Name = r.nameOf(t.frames[1], object)
		}
		r.findHolder(&w)
		return w
	}
	return stacks.Wait{}
}

// gilSize is that of struct _gil_runtime_state (pycore_gil.h), which has the condition that threads wait for.
const gilSize = 256

// interpreterWait names the thread that runs while another waits to run on, wherever its function stands; false: it does not wait for that.
func (r *Reader) interpreterWait(t *thread) (w stacks.Wait, waits bool) {
	for _, other := range r.threads {
		if !other.locked || other.gil != t.gil || other.at == t.at {
			continue
		}
		if futex := r.futex(t.tid); futex >= t.gil && futex < t.gil+gilSize {
			return stacks.Wait{On: "interpreter lock", Object: t.gil, Owner: uint64(other.tid), FD: -1}, true
		}
		break
	}
	return stacks.Wait{}, false
}

// isAt says whether a lock is the one whose futex this is. A lock of 3.14, and a queue of 3.13, has no futex of its own: it is believed where it says that somebody waits.
func (r *Reader) isAt(object, futex uint64) bool {
	if futex == 0 {
		return false
	}
	switch queue := r.typeOf(object).name == "_queue.SimpleQueue"; {
	case queue && r.layout.version >= 0x030d: // has_threads_waiting
		return r.mem.octet(object+lockState) == 1
	case r.layout.version >= 0x030e:
		return r.mem.octet(object+lockState) == hasWaiters
	}
	at := r.mem.word(object + lockState)
	return at != 0 && (futex == at || futex == at+4)
}

// locksOn are the locks on the stack of a frame, those of calls that are in progress first; the remains of others may be among them.
func (r *Reader) locksOn(f frame) []uint64 {
	var out []uint64
	values := r.stack(f, f.code.stack)
	slices.Reverse(values)
	for _, value := range values {
		if value == 0 {
			continue
		}
		if c := r.typeOf(value); c.name == "builtin_function_or_method" {
			value = r.mem.word(value + boundSelf)
		}
		if r.isLock(value) && !slices.Contains(out, value) {
			out = append(out, value)
		}
	}
	return out
}

func (r *Reader) isLock(object uint64) bool {
	switch r.typeOf(object).name {
	case "_thread.lock", "_thread.RLock", "_queue.SimpleQueue":
		return true
	}
	return false
}

// futex is the address that a thread waits at by the kernel's account (proc_pid_syscall(5)); 0: it does not wait at one.
func (r *Reader) futex(tid int) uint64 {
	text, err := os.ReadFile(filepath.Join(r.process.Proc, strconv.Itoa(r.process.PID), "task", strconv.Itoa(tid), "syscall"))
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(text))
	if len(fields) < 2 || fields[0] != strconv.Itoa(syscall.SYS_FUTEX) {
		return 0
	}
	at, err := strconv.ParseUint(strings.TrimPrefix(fields[1], "0x"), 16, 64)
	if err != nil {
		return 0
	}
	return at
}

// LockAt finds the lock that waits at a futex, among what the threads of the last look have on their innermost stacks and in the globals of the modules that they run, and what it is called.
func (r *Reader) LockAt(futex uint64) (object uint64, name string, ok bool) {
	for _, t := range r.threads {
		if len(t.frames) == 0 {
			continue
		}
		for _, object := range r.locksOn(t.frames[0]) {
			if r.isAt(object, futex) {
				return object, r.nameOf(t.frames[0], object), true
			}
		}
	}
	if r.layout.version >= 0x030e {
		return 0, "", false
	}
	seen := map[uint64]bool{}
	for _, t := range r.threads {
		for _, f := range t.frames {
			globals := r.mem.word(f.at+r.layout.globals) &^ 7
			if f.code.library || seen[globals] {
				continue
			}
			seen[globals] = true
			r.each(globals, func(key, value uint64) bool {
				if r.isLock(value) && r.isAt(value, futex) {
					object, name, ok = value, r.text(key), true
				}
				return !ok
			})
			if ok {
				return object, name, true
			}
			break // the innermost of the application
		}
	}
	return 0, "", false
}

// Holds says which thread of the last look has a lock, and where: the owner of an RLock, or a thread inside a `with` of it. A lock that was acquired otherwise says nothing of its holder.
func (r *Reader) Holds(object uint64) (tid int, frame stacks.Frame, ok bool) {
	owner := uint64(0)
	if r.typeOf(object).name == "_thread.RLock" {
		owner = r.mem.word(object + rlockOwner)
	}
	for _, t := range r.threads {
		for _, f := range t.frames {
			if r.inside(f, object) {
				return t.tid, r.tellOne(f), true
			}
		}
		if owner != 0 && t.ident == owner && len(t.frames) > 0 {
			return t.tid, r.tellOne(t.frames[0]), true
		}
	}
	return 0, stacks.Frame{}, false
}

// inside says whether a frame is inside a `with` of an object: what leaves it is kept on its stack. To 3.13 that is the bound __exit__, from 3.14 the function and the object.
func (r *Reader) inside(f frame, object uint64) bool {
	for _, value := range r.kept(f) {
		switch {
		case value == 0:
		case value == object:
			if r.layout.version >= 0x030e {
				return true
			}
		default:
			if name := r.typeOf(value).name; name != "builtin_function_or_method" && name != "method" {
				continue
			}
			self := r.mem.word(value + boundSelf)
			if self == object || r.derives(r.typeOf(self), "Condition") && r.attribute(self, "_lock") == object {
				return true
			}
		}
	}
	return false
}

// findHolder says who has a lock: a thread here, or one of the parent's that had it when this process was forked from it.
func (r *Reader) findHolder(w *stacks.Wait) {
	if w.Object == 0 {
		return
	}
	if tid, _, ok := r.Holds(w.Object); ok {
		w.Owner = uint64(tid)
		return
	}
	w.Before = r.takenBefore(w.Object)
}

// takenBefore is the parent's pid where a lock that nobody here has is used by one of the parent's threads at this moment: the fork copied it taken, and not the thread that would release it.
// It must be the same object there: of the same type, at the same address, with the same semaphore. 0: it is not known to be so.
func (r *Reader) takenBefore(object uint64) int {
	if pid, known := r.before[object]; known {
		return pid
	}
	pid, err := r.parentPID()
	if err != nil || pid <= 1 {
		return 0
	}
	if r.parent == nil || r.parent.process.PID != pid {
		r.parent, err = r.finder.Open(stacks.Process{
			Proc: r.process.Proc, PID: pid,
			Memory: func(address uint64, into []byte) error { return memory.Read(pid, address, into) },
		})
		if err != nil {
			r.parent = nil
			return 0
		}
	}
	p := r.parent
	p.begin()
	p.findThreads()
	same := p.typeOf(object).at == r.typeOf(object).at && r.typeOf(object).at != 0
	if r.layout.version < 0x030e {
		same = same && p.mem.word(object+lockState) == r.mem.word(object+lockState)
	}
	if !same {
		return 0
	}
	if _, _, held := p.Holds(object); !held {
		return 0
	}
	if len(r.before) > maxThreads {
		clear(r.before)
	}
	r.before[object] = pid
	return pid
}

func (r *Reader) parentPID() (int, error) {
	text, err := os.ReadFile(filepath.Join(r.process.Proc, strconv.Itoa(r.process.PID), "stat"))
	if err != nil {
		return 0, err
	}
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:])) // the name may have blanks
	if len(fields) < 2 {
		return 0, fmt.Errorf("stat of process %d: want a parent, got %q", r.process.PID, text)
	}
	return strconv.Atoi(fields[1])
}
