package diagnose

// advice is what is said about a cause whatever its details: what the guide advises, and what would have prevented it.
type advice struct{ remedy, prevention string }

// advises says whether the guide's own words fit: its settings are those of Python servers and of the reference server.
func (f explainer) advises(p *process) bool {
	if f.reference || p.countsTurns() {
		return true
	}
	for _, st := range p.stacks {
		if st.Language == "python" {
			return true
		}
	}
	return false
}

// adviceOn is the advice on a cause, in the guide's words where they fit.
func adviceOn(kind string, guide bool) advice {
	if !guide {
		if on, ok := general(kind); ok {
			return on
		}
	}
	return guideOn(kind)
}

// general is advice for servers of any language.
func general(kind string) (advice, bool) {
	switch kind {
	case CauseFileLock:
		return advice{"give each process a file of its own, or hold the lock for as short as a write takes, with a time limit on waiting for it", "no lock that is held while its holder waits for something else"}, true
	case CausePipe:
		return advice{"somebody must read what the worker writes: log to a file, or through a buffer that drops", "a reader that never stops, or a log that does not block the one who writes it"}, true
	case CauseDisk:
		return advice{"keep files that requests need off a file system that may not answer", "a time limit, or a copy on a local disk"}, true
	case CauseSocket:
		return advice{"give every call to another server a time limit", "a time limit on the call that is shorter than the one on the request"}, true
	case CauseSleeping:
		return advice{"do not sleep while a request waits", "a job that runs outside of the request"}, true
	case CauseCPU:
		return advice{"move long computation out of the process that serves, and bound what input may cost (a regular expression may take for ever)", "a limit on the time of one request"}, true
	case CausePool:
		return advice{"bound what may run at once, give each job a time limit, and keep jobs from waiting for jobs of the same pool", "a time limit for each job, and more threads than jobs that wait"}, true
	case CauseClient:
		return advice{"put a proxy that buffers in front, so that a slow client does not hold a worker", "a buffering proxy, and a time limit on reading a request"}, true
	}
	return advice{}, false
}

// guideOn is advice in the guide's words.
func guideOn(kind string) advice {
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
	case CausePipeEmpty:
		return advice{"give the wait for another process a time limit, and find why that one does not write", "a time limit on each wait for another process"}
	case CauseChild:
		return advice{"give each program that is started a time limit, its input from /dev/null, and read all that it writes (subprocess.run(timeout=…), communicate())",
			"a time limit on each program that a request starts, or a task queue for it"}
	case CauseTerminal:
		return advice{"take out what asks somebody at a terminal: a debugger's breakpoint, a prompt", "no terminal for servers: standard input from /dev/null"}
	case CauseSemaphore:
		return advice{"find who took it and did not give it back; SEM_UNDO gives it back when its holder dies", "semaphores that are given back at the death of their holder (SEM_UNDO), or file locks"}
	case CauseSelf:
		return advice{"call the function instead of the own server, or let other processes answer such calls: when all workers ask themselves, none is left to answer",
			"no request to the own server from inside a request"}
	case CauseLeaving:
		return advice{"tell threads to end when the process ends, or make them daemons; the arbiter's graceful timeout kills it otherwise (practice 4, proper clean-up)",
			"daemon threads, or an end that they are told of"}
	case CausePolling:
		return advice{"give each wait that is tried again an end: a number of tries, or a time (practice 5, timeouts)", "a limit on retries, shorter than the limit on the request"}
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
