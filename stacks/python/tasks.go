package python

import (
	"slices"
	"strconv"

	"github.com/hangtime-dev/hangtime/stacks"
)

// maxTasks is how many tasks one look follows: a thousand take some milliseconds.
const maxTasks = 2048

// A task is one of asyncio's with what it awaits.
type task struct {
	at      uint64
	frames  []frame // innermost first
	awaited uint64  // future, task or other object that the innermost waits for
	thread  *thread // that runs it; nil: it waits
	work    stacks.Work
}

// findTasks is every task of asyncio that is not done.
func (r *Reader) findTasks() []uint64 {
	var all []uint64
	if r.layout.version >= 0x030e {
		all = r.listedTasks()
	}
	// A WeakSet has a set of weak references (Lib/_weakrefset.py): _all_tasks to 3.11, then _scheduled_tasks and, of
	// eager ones, a plain set; in 3.14 only of tasks that are not asyncio's own.
	for _, name := range []string{"_all_tasks", "_scheduled_tasks"} {
		const referent = 16 // wr_object
		for _, reference := range r.members(r.attribute(r.global("asyncio.tasks", name), "data"), maxTasks-len(all)) {
			if at := r.mem.word(reference + referent); at != 0 {
				all = append(all, at)
			}
		}
	}
	all = append(all, r.members(r.global("asyncio.tasks", "_eager_tasks"), maxTasks-len(all))...)
	return slices.DeleteFunc(all, func(at uint64) bool { return !r.isTask(at) || !r.pending(at) })
}

// isTask says whether an object is a task of asyncio's own in C, or derives from it.
func (r *Reader) isTask(at uint64) bool { return at != 0 && r.derives(r.typeOf(at), "_asyncio.Task") }

// listedTasks are those of 3.14, which each thread and the interpreter keep in lists.
func (r *Reader) listedTasks() []uint64 {
	o := r.asyncOffsets()
	if o == nil {
		return nil
	}
	var heads, all []uint64
	for _, t := range r.threads {
		heads = append(heads, t.at+o.threadTasks)
	}
	for _, interpreter := range r.interpreters {
		heads = append(heads, interpreter+o.interpreterTasks)
	}
	for _, head := range heads {
		node := r.mem.word(head)
		for node != 0 && node != head && len(all) < maxTasks {
			all = append(all, node-o.node)
			node = r.mem.word(node)
		}
	}
	return all
}

// asyncOffsets are those that the file of _asyncio tells, once it is mapped.
func (r *Reader) asyncOffsets() *asyncOffsets {
	if r.asyncio == nil && r.moduleDict("_asyncio") != 0 {
		r.asyncio = r.finder.asyncio(r.process)
	}
	return r.asyncio
}

// pending says whether a future or task of asyncio is not done: PENDING is 0 (Modules/_asynciomodule.c).
func (r *Reader) pending(future uint64) bool {
	return r.mem.half(future+r.layout.futureState) == 0
}

// tasks tells what the tasks do.
func (r *Reader) tasks() []stacks.Work {
	found := r.findTasks()
	all := make([]task, 0, len(found))
	locks := map[uint64]bool{}
	for _, at := range found {
		t := task{at: at}
		t.frames, t.awaited = r.awaits(r.mem.word(at + r.layout.taskCoroutine))
		if len(t.frames) == 0 {
			continue // it has not begun, or is done by now
		}
		if on, runs := r.running[t.frames[0].at]; runs { // what it calls is on the thread's stack
			t.thread = &r.threads[on.thread]
			t.frames = t.thread.frames[:on.frame+1]
		} else {
			slices.Reverse(t.frames)
		}
		r.taskWork(&t)
		if w := t.work.Wait; w.On == "lock" {
			locks[w.Object] = true
		}
		all = append(all, t)
	}
	owners := r.insideTasks(all, locks)
	out := make([]stacks.Work, 0, len(all))
	for _, t := range all {
		if t.work.Wait.On == "lock" && t.work.Wait.Owner == 0 {
			t.work.Wait.Owner = owners[t.work.Wait.Object]
		}
		out = append(out, t.work)
	}
	return out
}

// insideTasks says which task is inside an `async with` of each lock.
func (r *Reader) insideTasks(all []task, locks map[uint64]bool) map[uint64]uint64 {
	owners := map[uint64]uint64{}
	if len(locks) == 0 {
		return owners
	}
	for _, t := range all {
		for i, f := range t.frames {
			entering := uint64(0) // what leaves it is on the stack already while the lock is awaited
			if i > 0 && method(t.frames[i-1].code.function) == "__aenter__" {
				entering = r.own(t.frames[i-1])
			}
			for _, value := range r.kept(f) {
				if r.layout.version < 0x030e {
					if r.typeOf(value).name != "method" {
						continue
					}
					value = r.mem.word(value + boundSelf)
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
func (r *Reader) taskWork(t *task) {
	w := &t.work
	*w = stacks.Work{Kind: "task", ID: t.at, Name: r.taskName(r.mem.word(t.at + r.layout.taskCoroutine + 8)),
		Frames: r.tell(t.frames)}
	w.Request = r.request(t.frames)
	if t.thread != nil {
		w.TID, w.Wait = t.thread.tid, r.threadWait(t.thread)
		return
	}
	application, housekeeping := false, false
	for _, f := range t.frames {
		application = application || !f.code.library
		housekeeping = housekeeping || awaitedIdle(f.code)
	}
	w.Idle = housekeeping || !application && w.Request.Path == ""
	w.Wait = r.taskWait(t)
}

// taskName is a str, or to be made from a number (3.12).
func (r *Reader) taskName(object uint64) string {
	if n, ok := r.number(object); ok {
		return "Task-" + strconv.Itoa(n)
	}
	return r.text(object)
}

// taskWait tells what a task waits for: the farthest function that does nothing but wait for what the one that it
// calls waits for, or else the future itself.
func (r *Reader) taskWait(t *task) stacks.Wait {
	best, caller := wait{Wait: stacks.Wait{FD: -1}, fut: t.awaited}, 0
	for i, f := range t.frames {
		one := r.matching(f, f.code.said.awaits)
		if one == nil {
			break
		}
		best = wait{Wait: stacks.Wait{On: one.on, FD: -1}, fut: t.awaited}
		if one.find != nil {
			one.find(r, f, &best)
		}
		caller = i + 1
		if one.last {
			break
		}
	}
	if best.On == "" || best.On == "executor" {
		r.waitForFuture(&best)
	}
	if best.isNamed() && best.Name == "" {
		for _, f := range t.frames[min(caller, len(t.frames)):] {
			if best.Name = r.nameOf(f, best.Object); best.Name != "" || !f.code.library {
				break
			}
		}
	}
	if best.On == "" {
		return stacks.Wait{}
	}
	return best.Wait
}

// waitForFuture tells what a future is that is awaited without a function of a library: a task, what an executor
// works on, or one that somebody must resolve.
func (r *Reader) waitForFuture(w *wait) {
	for range maxShields {
		inner := r.shielded(w.fut)
		if inner == 0 {
			break
		}
		w.fut = inner
	}
	switch c := r.typeOf(w.fut); {
	case w.fut == 0:
	case r.derives(c, "_asyncio.Task"):
		w.On, w.Object, w.Owner = "task", w.fut, w.fut
	case c.name == "_GatheringFuture":
		w.On, w.Object = "task", w.fut
		for _, child := range r.items(r.attribute(w.fut, "_children"), maxTasks) {
			if r.pending(child) {
				w.Owner = child
				break
			}
		}
	case r.derives(c, "_asyncio.Future"):
		if w.On == "" {
			w.On, w.Object = "future", w.fut
		}
		r.waitForExecutor(w)
	}
}

const maxShields = 4

// shielded is the future that asyncio.shield has put another in front of: the function that joins them has both in
// its closure. 0: it has not.
func (r *Reader) shielded(future uint64) uint64 {
	callback := r.mem.word(future + futureCallback)
	if future == 0 || r.typeOf(callback).name != "function" ||
		!r.is(r.mem.word(callback+functionName), "shield.<locals>._outer_done_callback") {
		return 0
	}
	inner := uint64(0)
	for _, one := range r.closure(callback) {
		if one != future && r.derives(r.typeOf(one), "_asyncio.Future") || r.isTask(one) {
			inner = one // by their names, in order: of 3.14's two it is the second, and "cur_task" the first
		}
	}
	return inner
}
