package python

// maxJobs bounds how many jobs of one pool are looked at for a future.
const maxJobs = 256

// lost says whether a future is that of a job which no thread of this process will ever take: it waits in the queue of a
// pool whose threads were all started in the parent, before this process was forked. A thread is no longer there after a
// fork, but the pool goes on counting it. concurrent.futures.thread has the queue of each thread in _threads_queues.
func (es *executorReader) lost(future uint64) bool {
	const referent = 16 // wr_object
	here := map[uint64]bool{}
	for _, t := range es.runtime.threads {
		here[t.object] = true
	}
	queues := es.objects.attribute(es.runtime.modules.global("concurrent.futures.thread", "_threads_queues"), "data")
	waits := false
	served := map[uint64]bool{} // queues of which a thread is here
	inQueue := map[uint64]bool{}
	es.objects.each(queues, func(reference, queue uint64) bool {
		served[queue] = served[queue] || here[es.objects.mem.word(reference+referent)]
		if _, known := inQueue[queue]; known {
			return true
		}
		inQueue[queue] = false
		_, jobs := es.objects.simpleQueue(queue, maxJobs)
		for _, job := range jobs {
			if es.objects.attribute(job, "future") == future {
				inQueue[queue] = true
			}
		}
		return true
	})
	for queue, found := range inQueue {
		waits = waits || found && !served[queue]
	}
	return waits
}
