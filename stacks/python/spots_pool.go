package python

// A poolSpot is a function that the threads of a pool run, or those that a server serves with.
type poolSpot struct {
	spot
	// jobs is where the frame has the jobs that wait for a thread of the pool: a local variable, and from there on
	// attributes. Empty: they are not kept in one place.
	jobs string
}

// poolSpots are read in the sources of Python 3.10 to 3.14, gunicorn 20.1 to 27, waitress 2 and 3, cheroot 8 to 11,
// Twisted
// 26, anyio 3 and 4, billiard 4.1, dramatiq 1 and 2, huey 3.5, RQ 1.13 to 3.
func poolSpots() []poolSpot {
	return []poolSpot{
		{spot{"concurrent/futures/thread.py", "_worker"}, "work_queue"},
		{spot{"concurrent/futures/process.py", "_process_worker"}, ""},
		{spot{"multiprocessing/pool.py", "worker"}, "inqueue"},
		{spot{"socketserver.py", "ThreadingMixIn.process_request_thread"}, ""},
		{spot{"gunicorn/workers/sync.py", "SyncWorker.run"}, ""},
		{spot{"waitress/task.py", "ThreadedTaskDispatcher.handler_thread"}, "self.queue"},
		{spot{"cheroot/workers/threadpool.py", "WorkerThread.run"}, "self.server.requests._queue"},
		{spot{"twisted/_threads/_threadworker.py", "ThreadWorker.__init__.<locals>.work"}, ""},
		{spot{"twisted/_threads/_team.py", "Team._coordinateThisTask.<locals>.doWork"}, "self._pending"},
		{spot{"anyio/_backends/_asyncio.py", "WorkerThread.run"}, ""}, // its jobs wait as tasks
		{spot{"billiard/pool.py", "Worker.workloop"}, ""},
		{spot{"dramatiq/worker.py", "_WorkerThread.run"}, ""}, // dramatiq 1
		{spot{"dramatiq/worker.py", "WorkerThread.run"}, ""},
		{spot{"huey/consumer.py", "Worker.loop"}, ""},
		{spot{"rq/worker.py", "Worker.perform_job"}, ""},
		{spot{"rq/worker/base.py", "BaseWorker.perform_job"}, ""},
	}
}

// ownJobSpots are the functions in which a thread of a pool is at a job of the process's own, and not at one that was
// asked for: APScheduler 3.
func ownJobSpots() []spot {
	return []spot{{"apscheduler/executors/base.py", "run_job"}}
}
