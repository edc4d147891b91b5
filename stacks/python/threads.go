package python

import (
	"os"
	"path/filepath"
	"strconv"

	"github.com/hangtime-dev/hangtime/stacks"
)

const (
	maxInterpreters = 16
	maxThreads      = 512
)

// A thread is one of Python's with what it runs.
type thread struct {
	at     uint64 // PyThreadState
	tid    int
	ident  uint64 // pthread_self
	frames []frame
	gil    uint64 // the interpreter's lock
	locked bool   // it holds that
	name   string
	object uint64 // threading.Thread
}

// A position is a frame of a thread's.
type position struct{ thread, frame int }

// findThreads walks the interpreters and their threads.
func (r *Reader) findThreads() {
	l := &r.layout
	interpreter := r.mem.word(r.runtime + l.interpreters)
	for range maxInterpreters {
		if interpreter == 0 || r.mem.bytes(interpreter, 8) == nil {
			break
		}
		r.interpreters = append(r.interpreters, interpreter)
		gil := r.runtime + l.gil
		if !l.gilInRuntime {
			gil = r.mem.word(interpreter + l.gil)
		}
		holder, locked := r.mem.word(gil+l.holder), r.mem.half(gil+l.locked) == 1
		at := r.mem.word(interpreter + l.threads)
		for at != 0 && len(r.threads) < maxThreads {
			t := thread{at: at, gil: gil, tid: r.threadID(at), ident: r.mem.word(at + l.ident),
				frames: sinceFork(r.walk(r.firstFrame(at))), locked: locked && holder == at}
			r.threads = append(r.threads, t)
			next := r.mem.word(at + l.nextThread)
			if next == at {
				break
			}
			at = next
		}
		next := r.mem.word(interpreter + l.nextInterpreter)
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
func sinceFork(frames []frame) []frame {
	for i, f := range frames {
		if p := f.code.place; (p == "multiprocessing/popen_fork.py" || p == "billiard/popen_fork.py") &&
			method(f.code.function) == "_launch" {
			return frames[:i+1]
		}
	}
	return frames
}

// firstFrame is the innermost frame of a thread.
func (r *Reader) firstFrame(thread uint64) uint64 {
	at := thread
	if r.layout.cframe != 0 {
		at = r.mem.word(thread + r.layout.cframe)
	}
	return r.mem.word(at + r.layout.frame)
}

// glibcTID is where glibc keeps the kernel's thread id in what pthread_self points to (struct pthread, x86-64 and
// arm64); it is believed only if it is a thread of the process.
const glibcTID = 0x2d0

func (r *Reader) threadID(thread uint64) int {
	if r.layout.nativeID != 0 {
		return int(r.mem.word(thread + r.layout.nativeID))
	}
	return int(r.mem.half(r.mem.word(thread+r.layout.ident) + glibcTID))
}

// believe keeps the threads that the kernel has too, and gives the main thread its own: one that was forked without
// Python's knowledge, as uWSGI does without --enable-threads, still bears the number that it had in its parent.
func (r *Reader) believe() {
	entries, err := os.ReadDir(filepath.Join(r.process.Proc, strconv.Itoa(r.process.PID), "task"))
	if err != nil {
		return
	}
	known := map[int]bool{}
	for _, entry := range entries {
		if tid, err := strconv.Atoi(entry.Name()); err == nil {
			known[tid] = true
		}
	}
	kept, strays, main := r.threads[:0], []thread(nil), false
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
func (r *Reader) nameThreads() {
	byIdent := map[uint64]int{}
	for i, t := range r.threads {
		byIdent[t.ident] = i
	}
	r.each(r.global("threading", "_active"), func(key, value uint64) bool {
		if ident, ok := r.number(key); ok {
			if i, known := byIdent[uint64(ident)]; known {
				r.threads[i].object, r.threads[i].name = value, r.text(r.attribute(value, "_name"))
			}
		}
		return true
	})
}

// global is what a module has under a name.
func (r *Reader) global(module, name string) uint64 { return r.lookup(r.moduleDict(module), name) }

// threadWork tells what a thread does.
func (r *Reader) threadWork(t *thread) stacks.Work {
	w := stacks.Work{Kind: "thread", TID: t.tid, ID: t.at, Name: t.name, Frames: r.tell(t.frames), Lock: t.locked,
		Idle: r.idle(t.frames) || r.fetches(t.frames), Pool: r.pool(t),
		Script: course(t.frames)}
	for _, f := range t.frames {
		for _, one := range f.code.said.ends {
			w.Ends = w.Ends || r.at(f, one)
		}
	}
	if w.Idle {
		return w
	}
	w.Wait = r.threadWait(t)
	w.Request = r.request(t.frames)
	return w
}

// pool says whether a thread is one of a pool's or a server's. uWSGI calls the application from no frame of Python's,
// in threads that threading did not start.
func (r *Reader) pool(t *thread) bool {
	for i := len(t.frames) - 1; i >= 0; i-- {
		f := t.frames[i]
		for _, one := range f.code.said.pools {
			if r.at(f, one) {
				return true
			}
		}
	}
	return r.uwsgi && (len(t.frames) == 0 || t.frames[len(t.frames)-1].code.place != "threading.py")
}
