package python

// A waitSpot is a function of a library that waits: for what, and where its frame says for which one.
type waitSpot struct {
	spot
	on   string
	find finder
	last bool // whoever called it waits for no more than this
}

// A finder says more of a wait, from the frame that waits.
type finder func(r *Reader, f frame, w *wait)

// waitSpots are those of threads: the language's library of 3.10 to 3.14; SQLAlchemy 1.4 and 2, psycopg_pool 3.3,
// redis 4.3, urllib3 1.26.
func waitSpots() []waitSpot {
	return []waitSpot{
		{spot{"threading.py", "Condition.wait"}, "condition", itself, false},
		{spot{"threading.py", "Condition.wait_for"}, "condition", itself, false},
		{spot{"threading.py", "Condition.__enter__"}, "lock", attributeOf("_lock"), true},
		{spot{"threading.py", "_RLock.acquire"}, "lock", ownedLock, true},
		{spot{"threading.py", "Event.wait"}, "event", itself, false},
		{spot{"threading.py", "Semaphore.acquire"}, "semaphore", itself, false},
		{spot{"threading.py", "Barrier._wait"}, "condition", itself, false},
		{spot{"threading.py", "Barrier.wait"}, "condition", itself, false},
		{spot{"threading.py", "Thread._wait_for_tstate_lock"}, "thread", joined, false},
		{spot{"threading.py", "Thread.join"}, "thread", joined, false},
		{spot{"threading.py", "_shutdown"}, "thread", leftOver, true},
		{spot{"queue.py", "Queue.get"}, "queue", itself, false},
		{spot{"queue.py", "Queue.put"}, "queue", itself, false},
		{spot{"queue.py", "Queue.join"}, "queue", itself, false},
		{spot{"concurrent/futures/_base.py", "Future.result"}, "future", itself, false},
		{spot{"concurrent/futures/_base.py", "Future.exception"}, "future", itself, false},
		{spot{"concurrent/futures/_base.py", "_result_or_cancel"}, "future", nil, false},
		{spot{"concurrent/futures/_base.py", "wait"}, "future", nil, false},
		{spot{"concurrent/futures/_base.py", "as_completed"}, "future", nil, false},
		{spot{"concurrent/futures/_base.py", "Executor.map.<locals>.result_iterator"}, "future", nil, false},
		{spot{"subprocess.py", "Popen._try_wait"}, "child", childOf, false},
		{spot{"subprocess.py", "Popen._wait"}, "child", childOf, false},
		{spot{"subprocess.py", "Popen.wait"}, "child", childOf, false},
		{spot{"subprocess.py", "Popen._communicate"}, "child", childOf, false},
		{spot{"subprocess.py", "Popen.communicate"}, "child", childOf, false},
		{spot{"selectors.py", "_PollLikeSelector.select"}, "", nil, false}, // says nothing of itself: communicate waits in it
		{spot{"selectors.py", "EpollSelector.select"}, "", nil, false},
		{spot{"asyncio/unix_events.py", "_ThreadedChildWatcher._do_waitpid"}, "child", pidIn("expected_pid"), false},
		{spot{"asyncio/unix_events.py", "ThreadedChildWatcher._do_waitpid"}, "child", pidIn("expected_pid"), false},
		{spot{"multiprocessing/popen_fork.py", "Popen.poll"}, "child", childOf, false},
		{spot{"multiprocessing/popen_fork.py", "Popen.wait"}, "child", childOf, false},
		{spot{"multiprocessing/process.py", "BaseProcess.join"}, "child", processOf, false},
		{spot{"multiprocessing/util.py", "_exit_function"}, "child", leftChild, true},
		{spot{"multiprocessing/connection.py", "Connection._recv"}, "pipe", fileIn("_handle"), false},
		{spot{"multiprocessing/connection.py", "Connection._recv_bytes"}, "pipe", fileIn("_handle"), false},
		{spot{"multiprocessing/connection.py", "_ConnectionBase.recv"}, "pipe", fileIn("_handle"), false},
		{spot{"multiprocessing/connection.py", "_ConnectionBase.recv_bytes"}, "pipe", fileIn("_handle"), false},
		{spot{"rq/worker.py", "Worker.wait_for_horse"}, "child", pidAttribute("_horse_pid"), true},
		{spot{"rq/worker/base.py", "BaseWorker.wait_for_horse"}, "child", pidAttribute("_horse_pid"), true},
		{spot{"multiprocessing/synchronize.py", "SemLock.__enter__"}, "lock", itself, true},
		{spot{"multiprocessing/queues.py", "Queue.get"}, "queue", itself, false},
		{spot{"multiprocessing/queues.py", "SimpleQueue.get"}, "queue", itself, false},
		{spot{"multiprocessing/pool.py", "ApplyResult.wait"}, "future", itself, false},
		{spot{"multiprocessing/pool.py", "ApplyResult.get"}, "future", itself, false},
		{spot{"multiprocessing/pool.py", "IMapIterator.next"}, "future", itself, false},
		{spot{"socket.py", "SocketIO.readinto"}, "socket", socketIn("_sock"), false},
		{spot{"ssl.py", "SSLSocket.read"}, "socket", socketOwn, false},
		{spot{"ssl.py", "SSLSocket.recv"}, "socket", socketOwn, false},
		{spot{"ssl.py", "SSLSocket.recv_into"}, "socket", socketOwn, false},
		{spot{"ssl.py", "SSLSocket.do_handshake"}, "socket", socketOwn, false},
		{spot{"socket.py", "create_connection"}, "socket", socketVariable("sock"), false},
		{spot{"sqlalchemy/util/queue.py", "Queue.get"}, "queue", itself, false},
		{spot{"sqlalchemy/pool/impl.py", "QueuePool._do_get"}, "pool", queuePool, true},
		{spot{"psycopg_pool/pool.py", "WaitingClient.wait"}, "pool", nil, false},
		{spot{"psycopg_pool/_acompat.py", "Condition.wait_timeout"}, "condition", itself, false},
		{spot{"psycopg_pool/pool.py", "ConnectionPool._getconn_unchecked"}, "pool", psycopgPool, false},
		{spot{"psycopg_pool/pool.py", "ConnectionPool.getconn"}, "pool", psycopgPool, true},
		{spot{"redis/connection.py", "BlockingConnectionPool.get_connection"}, "pool", redisPool, true},
		{spot{"urllib3/connectionpool.py", "HTTPConnectionPool._get_conn"}, "pool", urllibPool, true},
	}
}

// awaitSpots are those of tasks: asyncio of 3.10 to 3.14, anyio 4, aiohttp 3, httpcore 1, asyncpg 0.29, psycopg_pool
// 3.3, uvicorn 0.34.
func awaitSpots() []waitSpot {
	return []waitSpot{
		{spot{"asyncio/locks.py", "Lock.acquire"}, "lock", taskLock, true},
		{spot{"asyncio/locks.py", "Semaphore.acquire"}, "semaphore", itself, true},
		{spot{"asyncio/locks.py", "Event.wait"}, "event", itself, false},
		{spot{"asyncio/locks.py", "Condition.wait"}, "condition", itself, false},
		{spot{"asyncio/locks.py", "Condition.wait_for"}, "condition", itself, true},
		{spot{"asyncio/locks.py", "Barrier._wait"}, "condition", itself, true},
		{spot{"asyncio/queues.py", "Queue.get"}, "queue", itself, false},
		{spot{"asyncio/queues.py", "Queue.put"}, "queue", itself, false},
		{spot{"asyncio/queues.py", "Queue.join"}, "queue", itself, true},
		{spot{"asyncio/tasks.py", "sleep"}, "sleep", nil, true},
		{spot{"asyncio/tasks.py", "wait_for"}, "task", futureVariable("fut"), true},
		{spot{"asyncio/tasks.py", "_wait"}, "task", taskAmong("fs"), true},
		{spot{"asyncio/tasks.py", "_cancel_and_wait"}, "task", futureVariable("fut"), true},
		{spot{"asyncio/taskgroups.py", "TaskGroup.__aexit__"}, "task", taskOfGroup, true},
		{spot{"asyncio/taskgroups.py", "TaskGroup._aexit"}, "task", taskOfGroup, true},
		{spot{"asyncio/threads.py", "to_thread"}, "executor", nil, true},
		{spot{"asyncio/base_events.py", "BaseEventLoop.getaddrinfo"}, "executor", named("getaddrinfo"), true},
		{spot{"asyncio/streams.py", "StreamReader._wait_for_data"}, "socket", transportIn("_transport"), true},
		{spot{"asyncio/streams.py", "FlowControlMixin._drain_helper"}, "socket", transportIn("_transport"), true},
		{spot{"asyncio/selector_events.py", "BaseSelectorEventLoop.sock_recv"}, "socket", socketVariable("sock"), true},
		{spot{"asyncio/selector_events.py", "BaseSelectorEventLoop.sock_recv_into"}, "socket", socketVariable("sock"), true},
		{spot{"asyncio/selector_events.py", "BaseSelectorEventLoop.sock_sendall"}, "socket", socketVariable("sock"), true},
		{spot{"asyncio/selector_events.py", "BaseSelectorEventLoop.sock_connect"}, "socket", socketVariable("sock"), true},
		{spot{"asyncio/selector_events.py", "BaseSelectorEventLoop.sock_accept"}, "socket", socketVariable("sock"), true},
		{spot{"asyncio/base_events.py", "BaseEventLoop._create_connection_transport"}, "socket", socketVariable("sock"), true},
		{spot{"asyncio/base_subprocess.py", "BaseSubprocessTransport._wait"}, "child", childOfTransport, true},
		{spot{"anyio/_backends/_asyncio.py", "AsyncIOBackend.run_sync_in_worker_thread"}, "executor", nil, true},
		{spot{"anyio/_backends/_asyncio.py", "CapacityLimiter.acquire_on_behalf_of"}, "executor", limiter, true},
		{spot{"anyio/_backends/_asyncio.py", "Lock.acquire"}, "lock", itself, true},
		{spot{"anyio/_backends/_asyncio.py", "Semaphore.acquire"}, "semaphore", itself, true},
		{spot{"anyio/_backends/_asyncio.py", "TaskGroup.__aexit__"}, "task", taskOfGroup, true},
		{spot{"anyio/_backends/_asyncio.py", "Event.wait"}, "event", itself, false},
		{spot{"anyio/_backends/_asyncio.py", "SocketStream.receive"}, "socket", transportIn("_transport"), true},
		{spot{"anyio/_core/_synchronization.py", "Event.wait"}, "event", itself, false},
		{spot{"anyio/streams/memory.py", "MemoryObjectReceiveStream.receive"}, "queue", itself, true},
		{spot{"anyio/streams/memory.py", "MemoryObjectSendStream.send"}, "queue", itself, true},
		{spot{"aiohttp/streams.py", "DataQueue.read"}, "socket", nil, true},
		{spot{"aiohttp/streams.py", "StreamReader._wait"}, "socket", nil, true},
		{spot{"aiohttp/connector.py", "BaseConnector._wait_for_available_connection"}, "pool", itself, true},
		{spot{"httpcore/_async/connection_pool.py", "AsyncPoolRequest.wait_for_connection"}, "pool", nil, true},
		{spot{"asyncpg/pool.py", "Pool._acquire.<locals>._acquire_impl"}, "pool", variableNamed("self"), true},
		{spot{"psycopg_pool/pool_async.py", "WaitingClient.wait"}, "pool", nil, false},
		{spot{"psycopg_pool/pool_async.py", "AsyncConnectionPool.getconn"}, "pool", psycopgPool, true},
		{spot{"uvicorn/protocols/http/h11_impl.py", "RequestResponseCycle.receive"}, "socket", transportIn("transport"), true},
		{spot{"uvicorn/protocols/http/httptools_impl.py", "RequestResponseCycle.receive"}, "socket", transportIn("transport"), true},
		{spot{"uvicorn/protocols/http/flow_control.py", "FlowControl.drain"}, "socket", transportIn("_transport"), true},
	}
}
