package python

import "fmt"

// Where asyncio's futures keep who is told when they are done, and a function its closure (Modules/_asynciomodule.c,
// Include/cpython/funcobject.h).
const (
	futureCallback  = 24 // the first one
	functionName    = 40
	functionClosure = 72
)

// waitForExecutor tells which thread works on what a future stands for, or that all are taken. asyncio joins it to
// the executor's future with a function whose closure has both; anyio's thread has asyncio's own in a local variable.
func (r *Reader) waitForExecutor(w *wait) {
	busy := r.busyThreads()
	if tid := busy[w.fut]; tid != 0 {
		w.On, w.Owner = "executor", uint64(tid)
		return
	}
	callback := r.mem.word(w.fut + futureCallback)
	if !r.isChain(callback) {
		return
	}
	w.On = "executor"
	for _, value := range r.closure(callback) {
		if tid := busy[value]; tid != 0 {
			w.Owner = uint64(tid)
			return
		}
	}
	r.findTaken(w)
}

// closure is what a function has of the one that made it.
func (r *Reader) closure(function uint64) []uint64 {
	const most, content = 16, 16
	cells := r.items(r.mem.word(function+functionClosure), most)
	for i, cell := range cells {
		cells[i] = r.mem.word(cell + content)
	}
	return cells
}

// isChain says whether a callback is the one that asyncio.futures joins two futures with.
func (r *Reader) isChain(callback uint64) bool {
	return r.typeOf(callback).name == "function" &&
		r.is(r.mem.word(callback+functionName), "_chain_future.<locals>._call_check_cancel")
}

// busyThreads are the threads that work on something for a future, by that future.
func (r *Reader) busyThreads() map[uint64]int {
	if r.busy != nil {
		return r.busy
	}
	r.busy = map[uint64]int{}
	for _, t := range r.threads {
		for _, f := range t.frames {
			future := uint64(0)
			switch f.code.place {
			case "concurrent/futures/thread.py":
				if method(f.code.function) == "run" {
					future = r.attribute(r.own(f), "future")
				}
			case "anyio/_backends/_asyncio.py":
				if method(f.code.function) == "run" && len(t.frames) > 1 && !r.idle(t.frames) {
					future = r.variable(f, "future")
				}
			}
			if future != 0 {
				r.busy[future] = t.tid
			}
		}
	}
	return r.busy
}

// findTaken names the executor if there is only one of which all threads are busy.
func (r *Reader) findTaken(w *wait) {
	type executor struct{ busy, all int }
	found := map[uint64]executor{}
	for _, t := range r.threads {
		for _, f := range t.frames {
			if f.code.place != "concurrent/futures/thread.py" || f.code.function != "_worker" {
				continue
			}
			const referent = 16
			object := r.mem.word(r.variable(f, "executor_reference") + referent)
			e := found[object]
			e.all++
			if !r.idle(t.frames) {
				e.busy++
			}
			found[object] = e
		}
	}
	object, taken := uint64(0), executor{}
	for at, e := range found {
		most, _ := r.number(r.attribute(at, "_max_workers"))
		if e.busy < e.all || e.all < most {
			continue
		}
		if object != 0 {
			return
		}
		object, taken = at, e
	}
	if object != 0 {
		w.Object, w.Name = object, fmt.Sprintf("%s, %d of %d taken", r.typeOf(object).name, taken.busy, taken.all)
	}
}
