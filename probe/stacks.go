package probe

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/kernel/memory"
	"github.com/hangtime-dev/hangtime/stacks"
)

const (
	// stackAfter is how old a request, or a standstill, must be before the stacks are read: a worker is suspect by then.
	stackAfter = 200 * time.Millisecond
	// stackEvery is how often they are read again, where the worker ran meanwhile.
	stackEvery = time.Second
	// maxStacks bounds how many pieces of work of one worker are recorded at a reading.
	maxStacks = 512
)

// A speaker is what is known of the language that a worker speaks.
type speaker struct {
	reader stacks.Reader // nil: none was found
	sought bool
	at     time.Time     // when the stacks were last read
	ran    time.Duration // the worker's processor time then
	idle   map[int]bool  // threads that it says wait for work
	works  bool          // something is at work, whatever the sockets say
}

// A locker finds the lock of its language that waits at a futex.
type locker interface {
	LockAt(futex uint64) (object uint64, name string, ok bool)
}

// readStacks records what the threads of a worker under suspicion, and its work outside of threads, do in their language's words: once for each standstill.
func (w *watcher) readStacks(now time.Time, one *worker) {
	s, v := one.sample, &one.voice
	if s.Oldest < stackAfter && s.Still < stackAfter && !one.spot {
		return
	}
	ran := one.threads.ran()
	if !v.at.IsZero() && (now.Sub(v.at) < stackEvery || ran == v.ran) {
		return
	}
	v.at, v.ran = now, ran
	if !v.sought {
		v.sought = true
		v.reader = w.reader(one)
	}
	if v.reader == nil {
		return
	}
	all, err := v.reader.Look()
	if err != nil {
		w.unseen(one.PID, "what its code does ("+v.reader.Language()+")", err, false)
		return
	}
	v.idle, v.works = map[int]bool{}, false
	for _, group := range grouped(all) {
		v.idle[group.TID] = v.idle[group.TID] || group.Idle && group.TID != 0
		v.works = v.works || works(group.Work, one.PID)
		w.rec.Record(w.stackOf(one, v.reader.Language(), group))
	}
}

// works says whether a piece of work is the server's and not at rest: a request, a job of a pool, an end that does not come, or the application's code in the main thread.
func works(w stacks.Work, pid int) bool {
	if w.Idle {
		return false
	}
	own := false
	for _, frame := range w.Frames {
		own = own || !frame.Library && frame.File != ""
	}
	return w.Ends || w.Request.Path != "" || own && (w.Pool || w.TID == pid)
}

// reader finds the language that a worker speaks; nil: none that can be read.
func (w *watcher) reader(one *worker) stacks.Reader {
	process := stacks.Process{Proc: string(w.proc), PID: one.PID, Memory: func(address uint64, into []byte) error { return memory.Read(one.PID, address, into) }}
	for _, open := range w.languages {
		reader, err := open(process)
		switch {
		case err == nil:
			return reader
		case errors.Is(err, os.ErrPermission):
			w.unseen(one.PID, "the stacks of its code", err, false)
			return nil
		case !errors.Is(err, stacks.ErrNone):
			w.trouble("read the stacks of the workers", fmt.Errorf("worker %d (pid %d): %w", one.Place, one.PID, err))
		}
	}
	return nil
}

// alike is pieces of work that no thread runs and that stand at one place for the same.
type alike struct {
	stacks.Work
	count int
}

// grouped puts together what does the same: a thousand tasks that wait for one lock are one line. Each request's own piece is kept apart as long as there are few.
func grouped(all []stacks.Work) []alike {
	type key struct {
		place  string
		object uint64
		on     string
		port   int
	}
	var out []alike
	at := map[key]int{}
	few := len(all) <= 64
	for _, one := range all {
		if one.TID != 0 || len(one.Frames) == 0 {
			if len(out) < maxStacks {
				out = append(out, alike{one, 1})
			}
			continue
		}
		k := key{object: one.Wait.Object, on: one.Wait.On}
		for _, frame := range one.Frames[:min(len(one.Frames), 6)] {
			k.place += fmt.Sprintf("%s:%d\n", frame.Function, frame.Line)
		}
		if few {
			k.port = one.Request.Port
		}
		if i, ok := at[k]; ok {
			out[i].count++
			continue
		}
		if len(out) < maxStacks {
			at[k] = len(out)
			out = append(out, alike{one, 1})
		}
	}
	return out
}

// stackOf is a piece of work as an event.
func (w *watcher) stackOf(one *worker, language string, work alike) history.Stack {
	st := history.Stack{
		PID: one.PID, TID: work.TID, Language: language, Holds: work.Lock, Kind: work.Kind, ID: work.ID, Name: work.Name, Idle: work.Idle, Pool: work.Pool, Ends: work.Ends, For: work.Wait.For,
	}
	if work.count > 1 {
		st.Count = work.count
	}
	if st.Kind == "thread" {
		st.Kind = ""
	}
	for i, frame := range work.Frames {
		st.Frames = append(st.Frames, frameWords(frame))
		if !frame.Library && frame.File != "" && st.Own == 0 {
			st.Own = i + 1
		}
	}
	if wait := work.Wait; wait.On != "" {
		st.Wait = &history.Wait{On: wait.On, Object: wait.Object, Name: wait.Name, Owner: wait.Owner, Before: wait.Before}
	} else if found, ok := w.lockOf(one, work.TID); ok {
		st.Wait = &found
	}
	if r := work.Request; r.Path != "" || r.ID != "" {
		st.Request = &history.Request{Method: r.Method, Path: r.Path, ID: r.ID, Port: r.Port}
		if w.target.Query {
			st.Request.Query = r.Query
		}
	}
	return st
}

// lockOf asks the language which of its locks a thread waits for in futex(2).
func (w *watcher) lockOf(one *worker, tid int) (history.Wait, bool) {
	reader, ok := one.voice.reader.(locker)
	if !ok || tid == 0 {
		return history.Wait{}, false
	}
	for _, t := range one.threads.all {
		if t.tid != tid || t.found == nil {
			continue
		}
		if wait, ok := t.found.behind.(history.MutexWait); ok {
			if object, name, ok := reader.LockAt(wait.Address); ok {
				return history.Wait{On: "lock", Object: object, Name: name}, true
			}
		}
	}
	return history.Wait{}, false
}

// frameWords is a frame as a person reads it: "emit (logging/__init__.py:1113)", "curl_exec".
func frameWords(f stacks.Frame) string {
	if f.File == "" {
		return f.Function
	}
	file := shortFile(f.File)
	if f.Line > 0 {
		return fmt.Sprintf("%s (%s:%d)", f.Function, file, f.Line)
	}
	return fmt.Sprintf("%s (%s)", f.Function, file)
}

// shortFile leaves out where libraries are installed: "logging/__init__.py".
func shortFile(file string) string {
	for _, mark := range []string{"/site-packages/", "/dist-packages/", "/node_modules/"} {
		if i := strings.LastIndex(file, mark); i >= 0 {
			return file[i+len(mark):]
		}
	}
	if i := strings.Index(file, "/lib/python3"); i >= 0 {
		if _, rest, found := strings.Cut(file[i+len("/lib/"):], "/"); found {
			return rest
		}
	}
	return file
}
