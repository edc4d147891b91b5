package python

// maxTasks is how many tasks one look follows: a thousand take some milliseconds.
const maxTasks = 2048

// A futureReader follows what asyncio's futures and tasks stand for.
type futureReader struct {
	objects   *objectReader
	executors *executorReader
}

// isTask says whether an object is a task of asyncio's own in C, or derives from it.
func (fs *futureReader) isTask(at uint64) bool {
	return at != 0 && fs.objects.derives(fs.objects.typeOf(at), "_asyncio.Task")
}

// pending says whether a future or task of asyncio is not done: PENDING is 0 (Modules/_asynciomodule.c).
func (fs *futureReader) pending(future uint64) bool {
	return fs.objects.mem.half(future+fs.objects.layout.asyncio.futureState) == 0
}

// waitForFuture tells what a future is that is awaited without a function of a library: a task, what an executor
// works on, or one that somebody must resolve.
func (fs *futureReader) waitForFuture(w *wait) {
	for range maxShields {
		inner := fs.shielded(w.fut)
		if inner == 0 {
			break
		}
		w.fut = inner
	}
	switch c := fs.objects.typeOf(w.fut); {
	case w.fut == 0:
	case fs.objects.derives(c, "_asyncio.Task"):
		w.On, w.Object, w.Owner = "task", w.fut, w.fut
	case c.name == "_GatheringFuture":
		w.On, w.Object = "task", w.fut
		for _, child := range fs.objects.items(fs.objects.attribute(w.fut, "_children"), maxTasks) {
			if fs.pending(child) {
				w.Owner = child
				break
			}
		}
	case fs.objects.derives(c, "_asyncio.Future"):
		if w.On == "" {
			w.On, w.Object = "future", w.fut
		}
		fs.executors.waitForExecutor(w)
	}
}

const maxShields = 4

// shielded is the future that asyncio.shield has put another in front of: the function that joins them has both in
// its closure. 0: it has not.
func (fs *futureReader) shielded(future uint64) uint64 {
	callback := fs.objects.mem.word(future + futureCallback)
	if future == 0 || fs.objects.typeOf(callback).name != "function" ||
		!fs.objects.is(fs.objects.mem.word(callback+functionName), "shield.<locals>._outer_done_callback") {
		return 0
	}
	inner := uint64(0)
	for _, one := range closure(fs.objects, callback) {
		if one != future && fs.objects.derives(fs.objects.typeOf(one), "_asyncio.Future") || fs.isTask(one) {
			inner = one // by their names, in order: of 3.14's two it is the second, and "cur_task" the first
		}
	}
	return inner
}
