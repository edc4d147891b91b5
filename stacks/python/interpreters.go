package python

import "github.com/hangtime-dev/hangtime/kernel/proc"

const (
	maxInterpreters = 16
	maxThreads      = 512
)

// findThreads walks the interpreters and their threads.
func (r *cpython) findThreads() {
	l := &r.layout
	interpreter := r.mem.word(r.address + l.interpreter.head)
	for range maxInterpreters {
		if interpreter == 0 || r.mem.bytes(interpreter, 8) == nil {
			break
		}
		r.interpreters = append(r.interpreters, interpreter)
		r.modules.interpreters = r.interpreters
		if len(r.interpreters) == 1 {
			r.codes.interpreted()
		}
		gil := r.address + l.gil.at
		if !l.gil.inRuntime {
			gil = r.mem.word(interpreter + l.gil.at)
		}
		holder, locked := r.mem.word(gil+l.gil.holder), r.mem.half(gil+l.gil.locked) == 1
		at := r.mem.word(interpreter + l.interpreter.threads)
		for at != 0 && len(r.threads) < maxThreads {
			t := threadState{at: at, gil: gil, tid: r.threadID(at), ident: r.mem.word(at + l.thread.ident),
				frames: sinceFork(r.unwinder.walk(r.firstFrame(at))), locked: locked && holder == at}
			r.threads = append(r.threads, t)
			next := r.mem.word(at + l.thread.next)
			if next == at {
				break
			}
			at = next
		}
		next := r.mem.word(interpreter + l.interpreter.next)
		if next == interpreter {
			break
		}
		interpreter = next
	}
	r.believe()
	r.nameThreads()
	for i, t := range r.threads {
		for j, f := range t.frames {
			if f.generator {
				r.running[f.at] = position{i, j}
			}
		}
	}
}

// sinceFork leaves out what the parent did when it forked a process to work for it: those calls never return here.
func sinceFork(frames []stackFrame) []stackFrame {
	for i, f := range frames {
		if p := f.code.place; (p == "multiprocessing/popen_fork.py" || p == "billiard/popen_fork.py") &&
			method(f.code.function) == "_launch" {
			return frames[:i+1]
		}
	}
	return frames
}

// firstFrame is the innermost frame of a thread.
func (r *cpython) firstFrame(thread uint64) uint64 {
	at := thread
	if r.layout.thread.cframe != 0 {
		at = r.mem.word(thread + r.layout.thread.cframe)
	}
	return r.mem.word(at + r.layout.thread.frame)
}

// glibcTID is where glibc keeps the kernel's thread id in what pthread_self points to (struct pthread, x86-64 and
// arm64); it is believed only if it is a thread of the process.
const glibcTID = 0x2d0

func (r *cpython) threadID(thread uint64) int {
	if r.layout.thread.nativeID != 0 {
		return int(r.mem.word(thread + r.layout.thread.nativeID))
	}
	return int(r.mem.half(r.mem.word(thread+r.layout.thread.ident) + glibcTID))
}

// believe keeps the threads that the kernel has too, and gives the main thread its own: one that was forked without
// Python's knowledge, as uWSGI does without --enable-threads, still bears the number that it had in its parent.
func (r *cpython) believe() {
	tids, err := proc.FS(r.process.Proc).Threads(r.process.PID)
	if err != nil {
		return
	}
	known := map[int]bool{}
	for _, tid := range tids {
		known[tid] = true
	}
	kept, strays, main := r.threads[:0], []threadState(nil), false
	for _, t := range r.threads {
		switch {
		case known[t.tid]:
			main = main || t.tid == r.process.PID
			kept = append(kept, t)
		default:
			strays = append(strays, t)
		}
	}
	if len(strays) == 1 && !main {
		strays[0].tid = r.process.PID
		kept = append(kept, strays[0])
	}
	r.threads = kept
}

// nameThreads finds the names that threading gave: its _active has the Thread of each ident.
func (r *cpython) nameThreads() {
	byIdent := map[uint64]int{}
	for i, t := range r.threads {
		byIdent[t.ident] = i
	}
	r.objects.each(r.modules.global("threading", "_active"), func(key, value uint64) bool {
		if ident, ok := r.objects.number(key); ok {
			if i, known := byIdent[uint64(ident)]; known {
				r.threads[i].object, r.threads[i].name = value, r.objects.text(r.objects.attribute(value, "_name"))
			}
		}
		return true
	})
}
