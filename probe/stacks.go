package probe

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/kernel/memory"
	"github.com/hangtime-dev/hangtime/kernel/perf"
	"github.com/hangtime-dev/hangtime/kernel/proc"
	"github.com/hangtime-dev/hangtime/probe/requests"
	"github.com/hangtime-dev/hangtime/stacks"
)

const (
	// stackAfter is how old a request, or a standstill, must be before the stacks are read: a worker is suspect by
	// then.
	stackAfter = 200 * time.Millisecond
	// stackEvery is how often they are read again, where the worker ran meanwhile.
	stackEvery = time.Second
	// stackSoon is the same where a thread stands still that did not when they were read: what it did then says nothing
	// of what it waits for now. And where a program without a listener was between two pieces of its work then.
	stackSoon = 300 * time.Millisecond
	// stackHeld is for how long what was read is held without another look: after a longer pause it is read again, although
	// nothing ran. Whoever takes the records forgets after 700 ms.
	stackHeld = 600 * time.Millisecond
	// stackSeldom is how old the last reading may be where nothing is old enough for another: which threads serve is to
	// be known when one is looked at.
	stackSeldom = 5 * time.Second
	// whereWithin is for how long a look waits until a thread that computes comes to run, on a busy machine.
	whereWithin = 20 * time.Millisecond
	// whereMost is how much all looks of a second wait for that together.
	whereMost = 60 * time.Millisecond
	// maxStacks bounds how many pieces of work of one worker are recorded at a reading.
	maxStacks = 512
)

// A stackReader reads the stacks of workers in their languages' own words. One goroutine may use it.
type stackReader struct {
	fs        proc.FS
	rec       *history.Recorder
	requests  *requests.Reader
	languages []stacks.Opener
	arbiter   int
	query     bool // the part of a request's address behind "?" may be recorded
	troubles  *troubles
	set       map[string]bool // settings that were recorded
	waited    waited
}

// A locker finds the lock of its language that waits at a futex.
type locker interface {
	LockAt(futex uint64) (object uint64, name string, ok bool)
}

// read records what the threads of a worker under suspicion, and its work outside of threads, do in their language's
// words: once for each standstill.
func (r *stackReader) read(now time.Time, one *worker) {
	s, l := one.sample, &one.looks.language
	if s.Oldest < stackAfter && s.Still < stackAfter && !one.attention.spotCheck && now.Sub(l.at) < stackSeldom {
		return
	}
	cpu, every := one.threads.CPU(), stackEvery
	if one.looks.stoodStillAfter(l.at) || one.noListener && l.between() {
		every = stackSoon
	}
	paused := time.Since(l.wanted) > stackHeld && (one.attention.suspect || one.looks.works() || one.looks.owed)
	l.wanted = time.Now() // a look may take long on a busy machine
	if !l.at.IsZero() && !paused && (now.Sub(l.at) < every || cpu == l.cpu) {
		return
	}
	l.at, l.cpu = now, cpu
	if !l.sought {
		l.sought = true
		l.reader = r.open(one)
		r.settings(one.PID, l.reader)
	}
	if l.reader == nil {
		return
	}
	all, err := l.reader.Look()
	if err != nil {
		if r.over(one.PID) {
			return
		}
		l.at, l.cpu = now.Add(stackSoon-stackEvery), -1 // it may have been read while it changed
		r.troubles.Unseen(one.PID, "what its code does ("+l.reader.Language()+")", err, false)
		return
	}
	l.idle, l.busy, l.children = map[int]bool{}, l.busy[:0], map[int]int{}
	l.keys = nil
	for _, group := range grouped(all) {
		l.idle[group.TID] = l.idle[group.TID] || group.Idle && group.TID != 0
		switch {
		case one.alone(r.arbiter) && group.Script && !group.Idle:
			l.busy = append(l.busy, 0) // in the program's own course, whatever its thread waits for
		case atWork(group.Work, one.PID):
			l.busy = append(l.busy, group.TID)
		}
		if group.TID != 0 && group.Wait.On == "child" {
			l.children[group.TID] = int(group.Wait.Owner)
		}
		if group.Wait.On == "lock in Redis" && group.Wait.Name != "" {
			l.keys = append(l.keys, group.Wait.Name)
		}
		r.rec.Record(r.stackOf(one, l.reader.Language(), group))
	}
}

// atWork says whether a piece of work is the server's and not at rest: a request, a job of a pool, an end that does not
// come, or the application's code in the main thread.
func atWork(w stacks.Work, pid int) bool {
	if w.Idle {
		return false
	}
	own := false
	for _, frame := range w.Frames {
		own = own || !frame.Library && frame.File != ""
	}
	return w.Ends || w.Request.Path != "" || own && (w.Pool || w.TID == pid)
}

// process is a process as the readers of languages take it.
func (r *stackReader) process(pid int) stacks.Process {
	return stacks.Process{
		Proc: string(r.fs), PID: pid,
		Memory: func(address uint64, into []byte) error { return memory.Read(pid, address, into) },
		Pieces: func(all []memory.Piece) { memory.ReadPieces(pid, all) },
		Where:  r.where,
	}
}

// where tells where a thread is that runs. For all workers together it waits no longer than a part of the time: where many
// compute on few processors, each comes to run seldom.
func (r *stackReader) where(tid int) (perf.Sample, error) {
	began := time.Now()
	if began.Sub(r.waited.since) >= time.Second {
		r.waited = waited{since: began}
	}
	if r.waited.sum >= whereMost {
		return perf.Sample{}, perf.ErrAsleep
	}
	s, err := perf.Take(tid, whereWithin)
	r.waited.sum += time.Since(began)
	return s, err
}

// waited is for how long was waited since a moment.
type waited struct {
	since time.Time
	sum   time.Duration
}

// open finds the language that a worker speaks; nil: none that can be read.
func (r *stackReader) open(one *worker) stacks.Reader {
	for _, open := range r.languages {
		reader, err := open(r.process(one.PID))
		switch {
		case err == nil:
			return reader
		case r.over(one.PID):
			return nil // it ended meanwhile: there is nothing to be seen
		case errors.Is(err, os.ErrPermission):
			r.troubles.Unseen(one.PID, "the stacks of its code", err, false)
			return nil
		case !errors.Is(err, stacks.ErrNone):
			r.troubles.Trouble("read the stacks of the workers",
				fmt.Errorf("worker %d (pid %d): %w", one.Place, one.PID, err))
		}
	}
	return nil
}

// alike is pieces of work that no thread runs and that stand at one place for the same.
type alike struct {
	stacks.Work
	count int
}

// grouped puts together what does the same: a thousand tasks that wait for one lock are one line. Each request's own
// piece is kept apart as long as there are few.
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
func (r *stackReader) stackOf(one *worker, language string, work alike) history.Stack {
	st := history.Stack{
		PID: one.PID, TID: work.TID, Language: language, Holds: work.Lock, Kind: work.Kind, ID: work.ID, Name: work.Name,
		StackRole: history.StackRole{Idle: work.Idle, Pool: work.Pool, Queued: work.Queued, Boots: work.Boots, Turn: work.Turn,
			Helper: work.Helper, Ends: work.Ends},
		Main: work.Main, Script: work.Script, For: work.Wait.For,
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
	} else if found, ok := lockOf(&one.looks, work.TID); ok {
		st.Wait = &found
	}
	st.Request = r.requestOf(one.PID, work.Request)
	r.once(one.PID, work.Request)
	return st
}

// requestOf is a request as it may be recorded; nil: there is none.
func (r *stackReader) requestOf(pid int, q stacks.Request) *history.Request {
	if q.Path == "" && q.ID == "" {
		return nil
	}
	out := &history.Request{Method: q.Method, Path: q.Path, ID: q.ID, Port: q.Port, For: q.For}
	if r.query {
		out.Query = q.Query
	}
	if silent, known := r.requests.Answering(pid, q.Port); known {
		out.Spoke = max(silent, 1)
	}
	return out
}

// lockOf asks the language which of its locks a thread waits for in futex(2).
func lockOf(l *looks, tid int) (history.Wait, bool) {
	reader, ok := l.language.reader.(locker)
	if !ok || tid == 0 {
		return history.Wait{}, false
	}
	wait, ok := l.waitOf(tid).(history.MutexWait)
	if !ok {
		return history.Wait{}, false
	}
	object, name, ok := reader.LockAt(wait.Address)
	return history.Wait{On: "lock", Object: object, Name: name}, ok
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
	for _, mark := range []string{"/site-packages/", "/dist-packages/", "/node_modules/", "/share/perl5/"} {
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

// over says whether a process has ended, waited for or not.
func (r *stackReader) over(pid int) bool {
	s, err := r.fs.Stat(pid)
	return err != nil || s.Over()
}
