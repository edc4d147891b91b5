package python

// owing is the thread that a future of concurrent.futures is to come from: the one that works on it, that runs the task
// which is joined to it, or whose loop has not begun with that yet. 0: it is not known.
func (es *executorReader) owing(future uint64) int {
	if tid := es.busyThreads()[future]; tid != 0 {
		return tid
	}
	const most = 4
	for _, callback := range es.objects.items(es.objects.attribute(future, "_done_callbacks"), most) {
		if !es.isChain(callback) {
			continue
		}
		for _, one := range closure(es.objects, callback) {
			coroutine := es.objects.mem.word(one + es.runtime.layout.asyncio.taskCoroutine)
			if !es.objects.derives(es.objects.typeOf(one), "_asyncio.Task") {
				continue
			}
			if f, ok := es.unwinder.generatorFrame(coroutine); ok {
				if on, runs := es.runtime.running[f.at]; runs {
					return es.runtime.threads[on.thread].tid
				}
			}
		}
	}
	return es.putOff(future)
}

// putOff is the thread of a loop that has a call of run_coroutine_threadsafe for a future among what it has still to do.
func (es *executorReader) putOff(future uint64) int {
	const most = 1024 // calls of one loop that are looked at
	for _, t := range es.runtime.threads {
		for _, f := range t.frames {
			if f.code.place != "asyncio/base_events.py" || method(f.code.function) != "run_forever" {
				continue
			}
			for _, handle := range es.objects.queued(es.objects.attribute(es.unwinder.own(f), "_ready"), most) {
				callback := es.objects.attribute(handle, "_callback")
				if es.objects.typeOf(callback).name != "function" {
					continue
				}
				for _, one := range closure(es.objects, callback) {
					if one == future {
						return t.tid
					}
				}
			}
		}
	}
	return 0
}
