package diagnose

// advice is what is said about a cause whatever its details: what the guide advises, and what would have prevented it.
type advice struct{ remedy, prevention string }

func adviceOn(kind string) advice {
	switch kind {
	case CauseFileLock:
		return advice{"give each process its own file, such as async_tasks_<pid>.log, instead of one that all lock (practice 1, process-specific resources)",
			"one log file for each process (reference server: --logging=per-pid), or a log writer that does not block the thread that serves"}
	case CauseMutex:
		return advice{"do not hold a lock around anything that may wait, and take locks in one order (how loops hang, 1: deadlock scenarios)",
			"one order for all locks, timeouts on acquiring them, no lock held over a fork or a wait"}
	case CausePipe:
		return advice{"somebody must read what the worker writes: log to a file of its own, or through a buffer that drops (practice 1, process-specific resources)",
			"a log file for each process instead of a pipe (reference server: --logging=per-pid), or a reader that never stops"}
	case CauseDisk:
		return advice{"keep file work off the thread that serves: run it in an executor (practice 6, non-blocking I/O)",
			"file work in an executor (reference server: --io=executor) and heartbeats in memory, not on that disk"}
	case CauseSocket:
		return advice{"give every call to another server a timeout and make it without blocking the loop (practice 5, timeouts; practice 6, non-blocking I/O)",
			"a timeout on the call that is shorter than the arbiter's"}
	case CauseSleeping:
		return advice{"do not block the thread that serves: await asyncio.sleep, or run the call in an executor (practice 6, non-blocking I/O)",
			"the call in an executor (reference server: --io=executor)"}
	case CauseCPU:
		return advice{"move long computation off the thread that serves, to an executor of processes or a task queue (practice 6; production, a proper task queue)",
			"computation in other processes, or cut into pieces that let the loop turn"}
	case CausePool:
		return advice{"bound what may run at once, give each job a timeout, and keep jobs from waiting for jobs of the same pool (practice 5, limit resource usage; how loops hang, 3)",
			"a timeout for each job, and a pool larger than the longest jobs (reference server: --executor-threads)"}
	case CauseStopped:
		return advice{"send SIGCONT, or thaw its group; only a look from outside sees this (practice 7, monitor everything)",
			"nothing inside the server: find who stopped it"}
	case CauseMemory:
		return advice{"limit how many tasks run at once and how much each may hold (practice 5, limit resource usage)",
			"a bound on concurrent tasks (reference server: --max-concurrent-tasks) and max_requests against leaks"}
	case CauseClient:
		return advice{"let connections be read by a loop, not by the thread that serves; put a proxy that buffers in front of sync workers (production, worker class)",
			"a worker class that does not wait for one client (gthread, async), or a buffering proxy"}
	case CauseDescriptors:
		return advice{"close what is opened, also on errors; raise the limit only after that (practice 4, proper clean-up)",
			"a limit on connections below the limit on open files"}
	case CauseDeadLoop:
		return advice{"start the loop in each worker after the fork, check that its thread lives before giving it work, and restart it when not (practices 2 and 3)",
			"no preload of what starts threads, or a post_fork hook that starts them (reference server: --preload=clean, --recovery=restart)"}
	case CauseKilled:
		return advice{"let tasks outlive their worker in a proper task queue, and restart the loop after a death (practice 3, automatic recovery; production, a proper task queue)",
			"a durable queue keeps the tasks; a death cannot be prevented"}
	case CauseExited:
		return advice{"catch what ends the process, log it, and restart the loop when it fails (practice 3, automatic recovery)",
			"error handling around the loop (practice 3)"}
	case CauseBootLoop:
		return advice{"read the first error of the first death: each successor dies of the same (practice 7, monitor and log everything)",
			"a check of configuration and application before the start (gunicorn --check-config)"}
	case CauseThrottled:
		return advice{"fewer workers or a larger quota: workers that share a quota stop each other (race 3, resource contention)", "as many workers as the quota has processors"}
	case CauseBacklog:
		return advice{"find why no worker accepts; a longer backlog only hides it (practice 5, limit resource usage)", "an answer of 503 above a bound instead of a full backlog"}
	}
	return advice{"the raw evidence is shown; log and measure what the worker waits for (practice 7, monitor and log everything)", "not known without the cause"}
}
