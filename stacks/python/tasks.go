package python

import (
	"slices"
	"strconv"

	"github.com/hangtime-dev/hangtime/stacks"
)

// An asyncTask is one of asyncio's with what it awaits.
type asyncTask struct {
	at      uint64
	frames  []stackFrame // innermost first
	awaited uint64       // future, task or other object that the innermost waits for
	thread  *threadState // that runs it; nil: it waits
	work    stacks.Work
}

// A taskReader tells what asyncio's tasks do.
type taskReader struct {
	runtime  *cpython
	objects  *objectReader
	unwinder *unwinder
	images   *imageCache
	offsets  *asyncOffsets // nil: not known yet, or the file of _asyncio tells none
	futures  *futureReader
	waits    *waitReader
	requests *requestReader
	jobs     *jobReader
	mains    map[uint64]bool // of the current look: tasks with whose end their loops end
	told     map[uint64]bool // of the current look: tasks that are told as what their thread is at
}

// findTasks is every task of asyncio that is not done.
func (ts *taskReader) findTasks() []uint64 {
	var all []uint64
	if ts.runtime.layout.version >= 0x030e {
		all = ts.listedTasks()
	}
	// A WeakSet has a set of weak references (Lib/_weakrefset.py): _all_tasks to 3.11, then _scheduled_tasks and, of
	// eager ones, a plain set; in 3.14 only of tasks that are not asyncio's own.
	for _, name := range []string{"_all_tasks", "_scheduled_tasks"} {
		const referent = 16 // wr_object
		references := ts.objects.attribute(ts.runtime.modules.global("asyncio.tasks", name), "data")
		for _, reference := range ts.objects.members(references, maxTasks-len(all)) {
			if at := ts.runtime.mem.word(reference + referent); at != 0 {
				all = append(all, at)
			}
		}
	}
	all = append(all, ts.objects.members(ts.runtime.modules.global("asyncio.tasks", "_eager_tasks"), maxTasks-len(all))...)
	return slices.DeleteFunc(all, func(at uint64) bool { return !ts.futures.isTask(at) || !ts.futures.pending(at) || ts.told[at] })
}

// listedTasks are those of 3.14, which each thread and the interpreter keep in lists.
func (ts *taskReader) listedTasks() []uint64 {
	o := ts.asyncOffsets()
	if o == nil {
		return nil
	}
	var heads, all []uint64
	for _, t := range ts.runtime.threads {
		heads = append(heads, t.at+o.threadTasks)
	}
	for _, interpreter := range ts.runtime.interpreters {
		heads = append(heads, interpreter+o.interpreterTasks)
	}
	for _, head := range heads {
		node := ts.runtime.mem.word(head)
		for node != 0 && node != head && len(all) < maxTasks {
			all = append(all, node-o.node)
			node = ts.runtime.mem.word(node)
		}
	}
	return all
}

// asyncOffsets are those that the file of _asyncio tells, once it is mapped.
func (ts *taskReader) asyncOffsets() *asyncOffsets {
	if ts.offsets == nil && ts.runtime.modules.moduleDict("_asyncio") != 0 {
		ts.offsets = ts.images.asyncio(ts.runtime.process)
	}
	return ts.offsets
}

// work is what each of them does; queued is how many wait for a thread of a pool, by its busy threads.
func (ts *taskReader) work() (out []stacks.Work, queued map[int]int) {
	found := ts.findTasks()
	all := make([]asyncTask, 0, len(found))
	locks := map[uint64]bool{}
	ts.findMains()
	for _, at := range found {
		t := asyncTask{at: at}
		t.frames, t.awaited = ts.unwinder.awaits(ts.runtime.mem.word(at + ts.runtime.layout.asyncio.taskCoroutine))
		if len(t.frames) == 0 {
			continue // it has not begun, or is done by now
		}
		if on, runs := ts.runtime.running[t.frames[0].at]; runs { // what it calls is on the thread's stack
			t.thread = &ts.runtime.threads[on.thread]
			t.frames = t.thread.frames[:on.frame+1]
		} else {
			slices.Reverse(t.frames)
		}
		ts.taskWork(&t)
		if w := t.work.Wait; w.On == "lock" {
			locks[w.Object] = true
		}
		all = append(all, t)
	}
	owners := ts.insideTasks(all, locks)
	out = make([]stacks.Work, 0, len(all))
	for _, t := range all {
		if t.work.Wait.On == "lock" && t.work.Wait.Owner == 0 {
			t.work.Wait.Owner = owners[t.work.Wait.Object]
		}
		out = append(out, t.work)
	}
	return out, ts.jobs.limited(all)
}

// insideTasks says which task is inside an `async with` of each lock.
func (ts *taskReader) insideTasks(all []asyncTask, locks map[uint64]bool) map[uint64]uint64 {
	owners := map[uint64]uint64{}
	if len(locks) == 0 {
		return owners
	}
	for _, t := range all {
		for i, f := range t.frames {
			entering := uint64(0) // what leaves it is on the stack already while the lock is awaited
			if i > 0 && method(t.frames[i-1].code.function) == "__aenter__" {
				entering = ts.unwinder.own(t.frames[i-1])
			}
			for _, value := range ts.unwinder.kept(f) {
				if ts.runtime.layout.version < 0x030e {
					if ts.objects.typeOf(value).name != "method" {
						continue
					}
					value = ts.runtime.mem.word(value + boundSelf)
				}
				if value == entering {
					entering = 0
				} else if locks[value] {
					owners[value] = t.at
				}
			}
		}
	}
	return owners
}

// taskWork tells what one task does.
func (ts *taskReader) taskWork(t *asyncTask) {
	w := &t.work
	name := ts.runtime.mem.word(t.at + ts.runtime.layout.asyncio.taskCoroutine + 8)
	*w = stacks.Work{Kind: "task", ID: t.at, Name: ts.taskName(name), Frames: ts.unwinder.tell(t.frames)}
	w.Request = ts.requests.request(t.frames)
	if t.thread != nil {
		w.TID, w.Wait = t.thread.tid, ts.waits.threadWait(t.thread)
		return
	}
	w.Wait = ts.waits.taskWait(t.frames, t.awaited)
	w.Boots = ts.boots(t.frames)
	if w.Idle = !w.Boots && ts.rests(t); w.Idle {
		w.Request = stacks.Request{}
	}
}

// taskName is a str, or to be made from a number (3.12).
func (ts *taskReader) taskName(object uint64) string {
	if n, ok := ts.objects.number(object); ok {
		return "Task-" + strconv.Itoa(n)
	}
	return ts.objects.text(object)
}
