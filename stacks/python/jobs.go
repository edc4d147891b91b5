package python

import "strings"

// A jobReader counts the jobs that wait for a thread of a pool.
type jobReader struct {
	objects   *objectReader
	unwinder  *unwinder
	executors *executorReader
}

// queued is how many wait in the queue of the pool that a thread is one of.
func (js *jobReader) queued(frames []stackFrame) int {
	for _, f := range frames {
		for _, one := range f.code.said.pools {
			if one.jobs != "" && js.unwinder.runs(f, one.spot) {
				return js.size(js.follow(f, one.jobs))
			}
		}
	}
	return 0
}

// follow reads a local variable and, from there on, attributes.
func (js *jobReader) follow(f stackFrame, path string) uint64 {
	name, attributes, further := strings.Cut(path, ".")
	object := js.unwinder.variable(f, name)
	if further {
		object = js.objects.at(object, attributes)
	}
	return object
}

// size is how many a queue has: one of _queue, one of queue or of asyncio, or what they keep them in.
func (js *jobReader) size(queue uint64) int {
	if js.objects.typeOf(queue).name == "_queue.SimpleQueue" {
		return js.simple(queue)
	}
	if n := js.objects.size(queue); n >= 0 {
		return n
	}
	return max(0, js.objects.size(js.objects.attribute(queue, "queue")))
}

// simple is how many a SimpleQueue has. A pool that is shut down has a None there, which is no job but the end of its
// threads.
func (js *jobReader) simple(queue uint64) int {
	jobs, first := js.objects.simpleQueue(queue, maxSentinels)
	for _, item := range first {
		if js.objects.typeOf(item).name == "NoneType" {
			jobs--
		}
	}
	return jobs
}

// maxSentinels bounds how many entries of a queue are looked at for one that is no job.
const maxSentinels = 16

// limited is how many tasks wait for a place of one of anyio's limiters, by the threads whose tasks have its places.
func (js *jobReader) limited(tasks []asyncTask) map[int]int {
	waiting := map[uint64]int{} // by limiter
	for _, t := range tasks {
		if w := t.work.Wait; w.On == "executor" && js.objects.derives(js.objects.typeOf(w.Object), "CapacityLimiter") {
			waiting[w.Object]++
		}
	}
	out := map[int]int{}
	for limiter, n := range waiting {
		has := map[uint64]bool{}
		for _, borrower := range js.objects.members(js.objects.attribute(limiter, "_borrowers"), maxTasks) {
			has[borrower] = true
		}
		for _, t := range tasks {
			if tid := js.executors.busyThreads()[t.awaited]; has[t.at] && tid != 0 {
				out[tid] = n
			}
		}
	}
	return out
}
