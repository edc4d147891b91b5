package python

// An idleSpot is where a pool, a server or a library waits for its next piece of work. Below it only the functions
// that wait for it may run: those of the files in through, beside the ones that all share.
type idleSpot struct {
	spot
	through []string
}

// waiters are the files of the language's own functions that wait on behalf of whoever calls them.
func waiters() []string {
	return []string{"threading.py", "queue.py", "selectors.py", "socket.py", "ssl.py", "multiprocessing/connection.py"}
}

// idleSpots were read in the sources of the versions that are named; the names have not changed since unless another
// row says so.
func idleSpots() []idleSpot {
	broker := []string{"redis/", "kombu/", "amqp/", "vine/", "celery/worker/consumer/", "sentry_sdk/", "async_timeout/"}
	billiard := []string{"billiard/"}
	fetching := append([]string{"dramatiq/brokers/"}, broker...)
	processes := []string{"multiprocessing/queues.py", "multiprocessing/synchronize.py", "multiprocessing/context.py"}
	return []idleSpot{
		// The language's library, 3.10 to 3.14.
		{spot{"concurrent/futures/thread.py", "_worker"}, nil},
		{spot{"concurrent/futures/process.py", "_process_worker"}, processes},
		{spot{"concurrent/futures/process.py", "_ExecutorManagerThread.wait_result_broken_or_wakeup"}, processes},
		{spot{"multiprocessing/pool.py", "worker"}, processes},
		{spot{"multiprocessing/pool.py", "Pool._handle_workers"}, processes},
		{spot{"multiprocessing/pool.py", "Pool._wait_for_updates"}, processes},
		{spot{"multiprocessing/pool.py", "Pool._handle_tasks"}, processes},
		{spot{"multiprocessing/pool.py", "Pool._handle_results"}, processes},
		{spot{"multiprocessing/queues.py", "Queue._feed"}, nil},
		{spot{"multiprocessing/resource_tracker.py", "main"}, nil},
		{spot{"multiprocessing/forkserver.py", "main"}, nil},
		{spot{"multiprocessing/managers.py", "Server.serve_forever"}, nil},
		{spot{"multiprocessing/managers.py", "Server.accepter"}, processes},
		{spot{"multiprocessing/managers.py", "Server.serve_client"}, processes},
		{spot{"logging/handlers.py", "QueueListener._monitor"}, []string{"logging/handlers.py"}},
		{spot{"socketserver.py", "BaseServer.serve_forever"}, nil},
		{spot{"asyncio/base_events.py", "BaseEventLoop._run_once"}, nil},
		// A loop that is no part of Python, as uvloop's: what runs on it would show above.
		{spot{"asyncio/runners.py", "Runner.run"}, nil},
		{spot{"asyncio/runners.py", "run"}, nil},
		{spot{"uvloop/__init__.py", "run"}, nil},
		{spot{"asyncore.py", "poll"}, nil},
		{spot{"asyncore.py", "poll2"}, nil},
		// gunicorn 20.1 to 27.
		{spot{"gunicorn/workers/sync.py", "SyncWorker.wait"}, nil},
		{spot{"gunicorn/workers/sync.py", "SyncWorker.accept"}, nil},
		// Full, it waits for its own threads.
		{spot{"gunicorn/workers/gthread.py", "ThreadWorker.run"}, []string{"concurrent/futures/_base.py"}},
		{spot{"gunicorn/workers/gthread.py", "ThreadWorker.wait_for_and_dispatch_events"}, nil},
		{spot{"gunicorn/workers/ggevent.py", "GeventWorker.run"}, []string{"gevent/"}},
		{spot{"gunicorn/arbiter.py", "Arbiter.sleep"}, nil},
		{spot{"gunicorn/arbiter.py", "Arbiter.wait_for_signals"}, nil},
		// waitress 2.1: its threads, its loop.
		{spot{"waitress/task.py", "ThreadedTaskDispatcher.handler_thread"}, nil},
		{spot{"waitress/wasyncore.py", "poll"}, nil},
		{spot{"waitress/wasyncore.py", "poll2"}, nil},
		// cheroot 8 to 11: run itself called get before 10.
		{spot{"cheroot/workers/threadpool.py", "WorkerThread.run"}, nil},
		{spot{"cheroot/workers/threadpool.py", "WorkerThread._process_connections_until_interrupted"}, nil},
		{spot{"cheroot/server.py", "HTTPServer._serve_unservicable"}, nil},
		{spot{"cheroot/connections.py", "ConnectionManager._run"}, []string{"cheroot/connections.py"}},
		{spot{"twisted/_threads/_threadworker.py", "ThreadWorker.__init__.<locals>.work"}, nil}, // Twisted 26
		// anyio 3 and 4.
		{spot{"anyio/_backends/_asyncio.py", "WorkerThread.run"}, nil},
		// uvicorn's and hypercorn's parents.
		{spot{"hypercorn/run.py", "run"}, nil},
		{spot{"uvicorn/supervisors/multiprocess.py", "Multiprocess.run"}, nil},
		{spot{"uvicorn/supervisors/basereload.py", "BaseReload.pause"}, nil},
		{spot{"uvicorn/supervisors/basereload.py", "BaseReload.should_restart"}, nil},
		// Loops of greenlets: their hub waits for events of the kernel, gevent 22 to 26, eventlet 0.33 to 0.41.
		{spot{"gevent/hub.py", "Hub.run"}, nil},
		{spot{"gevent/hub.py", "Hub.join"}, nil},
		{spot{"eventlet/hubs/hub.py", "BaseHub.run"}, []string{"eventlet/hubs/"}},
		{spot{"eventlet/hubs/hub.py", "BaseHub.wait"}, nil},
		// billiard 4.1: the children of Celery's prefork pool, and the threads that serve them.
		{spot{"billiard/pool.py", "Worker._make_recv_method.<locals>._recv"}, billiard},
		{spot{"billiard/pool.py", "Worker._make_protected_receive.<locals>.receive"}, billiard},
		{spot{"billiard/pool.py", "Supervisor.body"}, billiard},
		{spot{"billiard/pool.py", "TaskHandler.body"}, billiard},
		{spot{"billiard/pool.py", "TimeoutHandler.body"}, billiard},
		{spot{"billiard/pool.py", "TimeoutHandler.handle_timeouts"}, billiard},
		{spot{"billiard/pool.py", "ResultHandler.body"}, billiard},
		{spot{"billiard/pool.py", "ResultHandler._process_result"}, billiard},
		// Celery 5.2 with kombu 5.2: its consumer's loops, its timer.
		{spot{"kombu/asynchronous/hub.py", "Hub.create_loop"}, []string{"kombu/utils/eventio.py"}},
		{spot{"celery/worker/loops.py", "synloop"}, broker},
		{spot{"celery/utils/timer2.py", "Timer.run"}, nil},
		{spot{"celery/worker/autoscale.py", "Autoscaler.body"}, nil},
		{spot{"celery/beat.py", "Service.start"}, nil},
		// RQ 1.13 to 2.
		{spot{"rq/queue.py", "Queue.lpop"}, broker},
		{spot{"rq/queue.py", "Queue.lmove"}, broker},
		{spot{"rq/queue.py", "Queue.dequeue_any"}, broker},
		{spot{"redis/client.py", "PubSubWorkerThread.run"}, broker},
		// dramatiq 1 (with the underscore) and 2: the threads that run its messages, those that fetch them, and the one
		// that has started these.
		{spot{"dramatiq/worker.py", "_WorkerThread.run"}, nil},
		{spot{"dramatiq/worker.py", "_ConsumerThread.run"}, fetching},
		{spot{"dramatiq/worker.py", "WorkerThread.run"}, nil},
		{spot{"dramatiq/worker.py", "ConsumerThread.run"}, fetching},
		{spot{"dramatiq/cli.py", "worker_process"}, nil},
		// huey 3.5: its threads or processes, its scheduler, and the one that looks after them.
		{spot{"huey/api.py", "Huey.dequeue"}, append([]string{"huey/"}, broker...)},
		{spot{"huey/consumer.py", "Worker.sleep"}, []string{"huey/consumer.py"}},
		{spot{"huey/consumer.py", "BaseProcess.sleep_for_interval"}, []string{"huey/consumer.py"}},
		{spot{"huey/consumer.py", "Consumer.loop"}, []string{"huey/consumer.py"}},
		// APScheduler 3.
		{spot{"apscheduler/schedulers/blocking.py", "BlockingScheduler._main_loop"}, nil},
		// psycopg_pool 3.3: the threads that look after its connections.
		{spot{"psycopg_pool/pool.py", "ConnectionPool.worker"}, []string{"psycopg_pool/_acompat.py"}},
		{spot{"psycopg_pool/sched.py", "Scheduler.run"}, []string{"psycopg_pool/_acompat.py"}},
	}
}

// runsCompiled says whether a function that waits for work calls what it got itself: where that is compiled, it has
// no frame, and the function seems to stand still. It must be seen to wait below.
func runsCompiled(s spot) bool {
	switch s.place {
	case "multiprocessing/pool.py":
		return s.function == "worker"
	case "concurrent/futures/process.py":
		return s.function == "_process_worker"
	case "anyio/_backends/_asyncio.py":
		return s.function == "WorkerThread.run"
	}
	return false
}

// endSpots are where an interpreter at its exit waits for what is left.
func endSpots() []spot {
	return []spot{
		{"threading.py", "_shutdown"},
		{"concurrent/futures/thread.py", "_python_exit"},
		{"concurrent/futures/process.py", "_python_exit"},
		{"multiprocessing/util.py", "_exit_function"},
		{"billiard/util.py", "_exit_function"},
	}
}

// helperSpots are what the processes run for life that multiprocessing starts beside those that a program asked for.
func helperSpots() []spot {
	return []spot{
		{"multiprocessing/managers.py", "Server.serve_forever"},
		{"multiprocessing/resource_tracker.py", "main"},
		{"multiprocessing/forkserver.py", "main"},
	}
}
