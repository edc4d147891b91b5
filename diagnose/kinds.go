package diagnose

// Kinds of causes.
const (
	CauseFileLock    = "file-lock"      // waits for a file lock
	CauseMutex       = "mutex"          // waits for a lock inside its process, or between processes of its server
	CausePipe        = "pipe-full"      // writes to a pipe that nobody empties
	CauseDisk        = "disk"           // waits for a file system, slow or frozen
	CauseSocket      = "socket-wait"    // waits for an answer of another server
	CauseDatabase    = "database-lock"  // its session in a database waits for another session, as that database says
	CauseSleeping    = "sleeping"       // a blocking sleep
	CauseCPU         = "cpu-bound"      // runs and runs
	CausePool        = "pool-exhausted" // every thread of its pool is taken, and work waits
	CauseStopped     = "stopped"        // SIGSTOP, a debugger or freezer
	CauseMemory      = "memory"         // its memory limit: stopped at it, or killed for it
	CauseClient      = "slow-client"    // waits for a client, and others wait behind that one
	CauseDescriptors = "descriptors"    // cannot open any more files or connections
	CauseDeadLoop    = "dead-loop"      // tasks are taken, and nothing runs them
	CauseKilled      = "killed"         // died by a signal
	CauseExited      = "exited"         // ended by itself
	CauseBootLoop    = "boot-loop"      // dies as soon as it is born, again and again
	CauseThrottled   = "throttled"      // its quota of processor time: never an incident of its own
	// Connections were dropped because no worker accepted them: never an incident of its own.
	CauseBacklog = "backlog"
	// Settings that lose tasks when a process dies: never an incident of its own.
	CauseSettings  = "loses-tasks"
	CausePipeEmpty = "pipe-empty" // reads from a pipe into which nobody writes
	CauseChild     = "child"      // waits for a process that it started
	CauseTerminal  = "terminal"   // waits for somebody at a terminal
	CauseSemaphore = "semaphore"  // waits for a semaphore of System V
	CauseSelf      = "self-call"  // waits for an answer of its own server
	CauseLeaving   = "leaving"    // it was told to leave, and something keeps it
	CauseEvent     = "event"      // waits for what another part of its program is to do: send, signal, end
	CausePolling   = "retry"      // sleeps and asks again, without end
	CauseUnknown   = "unknown"    // no evidence says why; the raw evidence is shown
)

// A kindOfCause is what is said about a kind whatever its details. Whoever adds one gives it a row here, and its
// telling in the file of its like.
type kindOfCause struct {
	guide   advice // in the guide's words, whose settings are those of Python servers and of the reference server
	general advice // for servers of any language; empty: the guide's words fit all
}

// An advice is what is advised, and what would have prevented it.
type advice struct{ remedy, prevention string }

// adviceOn is the advice on a cause, in the guide's words where they fit.
func adviceOn(kind string, guide bool) advice {
	row := rowOf(kind)
	if !guide && row.general != (advice{}) {
		return row.general
	}
	return row.guide
}

// rowOf is the row of a kind.
func rowOf(kind string) kindOfCause {
	switch kind {
	case CauseFileLock:
		return kindOfCause{
			guide: advice{
				"give each process its own file, such as async_tasks_<pid>.log, instead of one that all lock (practice 1, process-specific resources)",
				"one log file for each process (reference server: --logging=per-pid), or a log writer that does not block the thread that serves",
			},
			general: advice{
				"give each process a file of its own, or hold the lock for as short as a write takes, with a time limit on waiting for it",
				"no lock that is held while its holder waits for something else",
			},
		}
	case CauseMutex:
		return kindOfCause{
			guide: advice{
				"do not hold a lock around anything that may wait, and take locks in one order (how loops hang, 1: deadlock scenarios)",
				"one order for all locks, timeouts on acquiring them, no lock held over a fork or a wait",
			},
		}
	case CauseEvent:
		return kindOfCause{
			guide: advice{
				"give the wait a timeout, and let whoever is waited for send, signal or end on every way out, errors too (practice 5, timeouts)",
				"a timeout on each wait for another part of the program",
			},
			general: advice{
				"give the wait a time limit, and let whoever is waited for send, signal or end on every way out, errors too",
				"a time limit on each wait for another part of the program",
			},
		}
	case CausePipe:
		return kindOfCause{
			guide: advice{
				"somebody must read what the worker writes: log to a file of its own, or through a buffer that drops lines when it is full (practice 1, process-specific resources)",
				"a log file for each process instead of a pipe (reference server: --logging=per-pid), or a reader that never stops",
			},
			general: advice{
				"somebody must read what the worker writes: log to a file, or through a buffer that drops lines when it is full",
				"a reader that never stops, or a log that does not block the one who writes it",
			},
		}
	case CauseDisk:
		return kindOfCause{
			guide: advice{
				"keep file work off the thread that serves: run it in an executor (practice 6, non-blocking I/O)",
				"file work in an executor (reference server: --io=executor) and heartbeats in memory, not on that disk",
			},
			general: advice{
				"keep files that requests need off a file system that may not answer",
				"a time limit, or a copy on a local disk",
			},
		}
	case CauseSocket:
		return kindOfCause{
			guide: advice{
				"give every call to another server a timeout and make it without blocking the loop (practice 5, timeouts; practice 6, non-blocking I/O)",
				"a timeout on the call that is shorter than the arbiter's",
			},
			general: advice{
				"give every call to another server a time limit",
				"a time limit on the call that is shorter than the one on the request",
			},
		}
	case CauseDatabase:
		return kindOfCause{
			guide: advice{
				"end the session that keeps the others, and make transactions short: nothing that may take time between their first statement and the commit",
				"a time limit on statements, on waits for locks and on transactions in which nothing happens, in the database or the pool",
			},
		}
	case CauseSleeping:
		return kindOfCause{
			guide: advice{
				"do not block the thread that serves: await asyncio.sleep, or run the call in an executor (practice 6, non-blocking I/O)",
				"the call in an executor (reference server: --io=executor)",
			},
			general: advice{
				"do not sleep while a request waits",
				"a job that runs outside of the request",
			},
		}
	case CauseCPU:
		return kindOfCause{
			guide: advice{
				"move long computation off the thread that serves, to an executor of processes or a task queue (practice 6; production, a proper task queue)",
				"computation in other processes, or cut into pieces that let the loop turn",
			},
			general: advice{
				"move long computation out of the process that serves, and bound what input may cost (a regular expression may take for ever)",
				"a limit on the time of one request",
			},
		}
	case CausePool:
		return kindOfCause{
			guide: advice{
				"bound what may run at once, give each job a timeout, and keep jobs from waiting for jobs of the same pool (practice 5, limit resource usage; how loops hang, 3)",
				"a timeout for each job, and a pool larger than the longest jobs (reference server: --executor-threads)",
			},
			general: advice{
				"bound what may run at once, give each job a time limit, and keep jobs from waiting for jobs of the same pool",
				"a time limit for each job, and more threads than jobs that wait",
			},
		}
	case CauseStopped:
		return kindOfCause{
			guide: advice{
				"send SIGCONT, thaw its group, or end what holds it; only a look from outside sees this (practice 7, monitor everything)",
				"nothing inside the server: find who stopped it",
			},
		}
	case CauseMemory:
		return kindOfCause{
			guide: advice{
				"limit how many tasks run at once and how much each may hold (practice 5, limit resource usage)",
				"a bound on concurrent tasks (reference server: --max-concurrent-tasks) and max_requests against leaks",
			},
		}
	case CauseClient:
		return kindOfCause{
			guide: advice{
				"let connections be read by a loop, not by the thread that serves; put a proxy that buffers in front of sync workers (production, worker class)",
				"a worker class that does not wait for one client (gthread, async), or a buffering proxy",
			},
			general: advice{
				"put a proxy that buffers in front, so that a slow client does not hold a worker",
				"a buffering proxy, and a time limit on reading a request",
			},
		}
	case CauseDescriptors:
		return kindOfCause{
			guide: advice{
				"close what is opened, also on errors; raise the limit only after that (practice 4, proper clean-up)",
				"a limit on connections below the limit on open files",
			},
		}
	case CauseDeadLoop:
		return kindOfCause{
			guide: advice{
				"start the loop in each worker after the fork, check that its thread lives before giving it work, and restart it when not (practices 2 and 3)",
				"no preload of what starts threads, or a post_fork hook that starts them (reference server: --preload=clean, --recovery=restart)",
			},
		}
	case CauseKilled:
		return kindOfCause{
			guide: advice{
				"let tasks outlive their worker in a proper task queue, and restart the loop after a death (practice 3, automatic recovery; production, a proper task queue)",
				"a durable queue keeps the tasks; a death cannot be prevented",
			},
			general: advice{
				"find who ended it and why; keep what it had in hand where somebody else can take it up: a queue that gives a task out again, a client that asks again",
				"nothing keeps a process from being killed; what it had in hand can outlive it",
			},
		}
	case CauseExited:
		return kindOfCause{
			guide: advice{
				"catch what ends the process, log it, and restart the loop when it fails (practice 3, automatic recovery)",
				"error handling around the loop (practice 3)",
			},
			general: advice{
				"read the last thing that it logged: it ended by itself: an uncaught error, or a call of exit",
				"errors that are caught where the request is, and logged",
			},
		}
	case CauseBootLoop:
		return kindOfCause{
			guide: advice{
				"read the first error of the first death: each successor dies of the same (practice 7, monitor and log everything)",
				"a check of configuration and application before the start (gunicorn --check-config)",
			},
			general: advice{
				"read the first error of the first death: each successor dies of the same",
				"a check of configuration and application before the start",
			},
		}
	case CauseThrottled:
		return kindOfCause{
			guide: advice{
				"fewer workers or a larger quota: workers that share a quota stop each other (race 3, resource contention)",
				"as many workers as the quota has processors",
			},
		}
	case CauseBacklog:
		return kindOfCause{
			guide: advice{
				"find why no worker accepts; a longer backlog only hides it (practice 5, limit resource usage)",
				"an answer of 503 above a bound instead of a full backlog",
			},
		}
	case CauseSettings:
		return kindOfCause{
			guide: advice{
				"let the queue give a task out again when its process dies, and make tasks so that they may be done twice (production, a proper task queue)",
				"a run of hangtime that kills processes of the pool and counts the tasks (server.queue)",
			},
		}
	case CausePipeEmpty:
		return kindOfCause{
			guide: advice{
				"give the wait for another process a time limit, and find why that one does not write",
				"a time limit on each wait for another process",
			},
		}
	case CauseChild:
		return kindOfCause{
			guide: advice{
				"give each program that is started a time limit, its input from /dev/null, and read all that it writes (subprocess.run(timeout=…), communicate())",
				"a time limit on each program that a request starts, or a task queue for it",
			},
		}
	case CauseTerminal:
		return kindOfCause{
			guide: advice{
				"take out what asks somebody at a terminal: a debugger's breakpoint, a prompt",
				"no terminal for servers: standard input from /dev/null",
			},
		}
	case CauseSemaphore:
		return kindOfCause{
			guide: advice{
				"find who took it and did not give it back; SEM_UNDO gives it back when its holder dies",
				"semaphores that are given back at the death of their holder (SEM_UNDO), or file locks",
			},
		}
	case CauseSelf:
		return kindOfCause{
			guide: advice{
				"call the function instead of asking your own server, or let other processes answer such calls: when all workers ask themselves, none is left to answer",
				"no request to your own server from inside a request",
			},
		}
	case CauseLeaving:
		return kindOfCause{
			guide: advice{
				"tell threads to end when the process ends, or make them daemons; the arbiter's graceful timeout kills it otherwise (practice 4, proper clean-up)",
				"daemon threads, or an end that they are told of",
			},
		}
	case CausePolling:
		return kindOfCause{
			guide: advice{
				"give each wait that is tried again an end: a number of tries, or a time (practice 5, timeouts)",
				"a limit on retries, shorter than the limit on the request",
			},
		}
	}
	return kindOfCause{guide: advice{"the raw evidence is shown; log and measure what the worker waits for (practice 7, monitor and log everything)", "not known without the cause"}}
}
