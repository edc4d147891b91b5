package python

import "fmt"

// An executorReader finds the threads that work on what asyncio's futures stand for.
type executorReader struct {
	runtime  *cpython
	objects  *objectReader
	unwinder *unwinder
	busy     map[uint64]int // of the current look: future → thread that works on it; nil: not looked for yet
}

// begin forgets the threads of the last look.
func (es *executorReader) begin() { es.busy = nil }

// waitForExecutor tells which thread works on what a future stands for, or which process, or that all are taken. asyncio joins it to
// the executor's future with a function whose closure has both; anyio's thread has asyncio's own in a local variable.
func (es *executorReader) waitForExecutor(w *wait) {
	busy := es.busyThreads()
	if tid := busy[w.fut]; tid != 0 {
		w.On, w.Owner = "executor", uint64(tid)
		return
	}
	callback := es.objects.mem.word(w.fut + futureCallback)
	if !es.isChain(callback) {
		return
	}
	w.On = "executor"
	for _, value := range closure(es.objects, callback) {
		if tid := busy[value]; tid != 0 {
			w.Owner = uint64(tid)
			return
		}
		if es.waitForProcesses(value, w) {
			return
		}
	}
	es.findTaken(w)
}

// isChain says whether a callback is the one that asyncio.futures joins two futures with.
func (es *executorReader) isChain(callback uint64) bool {
	return es.objects.typeOf(callback).name == "function" &&
		es.objects.is(es.objects.mem.word(callback+functionName), "_chain_future.<locals>._call_check_cancel")
}

// busyThreads are the threads that work on something for a future, by that future.
func (es *executorReader) busyThreads() map[uint64]int {
	if es.busy != nil {
		return es.busy
	}
	es.busy = map[uint64]int{}
	for _, t := range es.runtime.threads {
		for _, f := range t.frames {
			future := uint64(0)
			switch f.code.place {
			case "concurrent/futures/thread.py":
				if method(f.code.function) == "run" {
					future = es.objects.attribute(es.unwinder.own(f), "future")
				}
			case "anyio/_backends/_asyncio.py":
				if method(f.code.function) == "run" && len(t.frames) > 1 && !es.unwinder.idle(t.frames) {
					future = es.unwinder.variable(f, "future")
				}
			}
			if future != 0 {
				es.busy[future] = t.tid
			}
		}
	}
	return es.busy
}

// findTaken names the executor if there is only one of which all threads are busy.
func (es *executorReader) findTaken(w *wait) {
	type executor struct{ busy, all int }
	found := map[uint64]executor{}
	for _, t := range es.runtime.threads {
		for _, f := range t.frames {
			if f.code.place != "concurrent/futures/thread.py" || f.code.function != "_worker" {
				continue
			}
			const referent = 16
			object := es.objects.mem.word(es.unwinder.variable(f, "executor_reference") + referent)
			e := found[object]
			e.all++
			if !es.unwinder.idle(t.frames) {
				e.busy++
			}
			found[object] = e
		}
	}
	object, taken := uint64(0), executor{}
	for at, e := range found {
		most, _ := es.objects.number(es.objects.attribute(at, "_max_workers"))
		if e.busy < e.all || e.all < most {
			continue
		}
		if object != 0 {
			return
		}
		object, taken = at, e
	}
	if object != 0 {
		w.Object = object
		w.Name = fmt.Sprintf("%s, %d of %d taken", es.objects.typeOf(object).name, taken.busy, taken.all)
	}
}
