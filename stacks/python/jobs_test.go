package python

import (
	"fmt"
	"testing"

	"github.com/hangtime-dev/hangtime/stacks"
)

// jobFiles have the functions and attributes that anyio's, Twisted's and waitress' pools of threads have, in files of
// the same places: none is installed for every Python here.
func jobFiles() map[string]string {
	return map[string]string{
		"anyio/__init__.py": "", "anyio/_backends/__init__.py": "", "twisted/__init__.py": "", "twisted/_threads/__init__.py": "",
		"waitress/__init__.py": "",
		"anyio/_backends/_asyncio.py": `
import asyncio, queue, threading
class CapacityLimiter:
    def __init__(self, total_tokens): self._total_tokens, self._borrowers, self._events = total_tokens, set(), {}
    async def acquire_on_behalf_of(self, borrower):
        if len(self._borrowers) >= self._total_tokens:
            self._events[borrower] = asyncio.Event()
            await self._events[borrower].wait()
        self._borrowers.add(borrower)
class WorkerThread(threading.Thread):
    def __init__(self, loop):
        super().__init__(daemon=True, name="AnyIO worker thread")
        self.loop, self.queue = loop, queue.Queue(2)
    def run(self):
        while True:
            func, future = self.queue.get()
            func()
class AsyncIOBackend:
    @classmethod
    async def run_sync_in_worker_thread(cls, func, limiter):
        await limiter.acquire_on_behalf_of(asyncio.current_task())
        loop = asyncio.get_running_loop()
        worker, future = WorkerThread(loop), loop.create_future()
        worker.start()
        worker.queue.put_nowait((func, future))
        return await future
`,
		"twisted/_threads/_threadworker.py": `
class ThreadWorker:
    def __init__(self, startThread, queue):
        self._q = queue
        def work():
            for task in iter(queue.get, None): task()
        startThread(work)
`,
		"twisted/_threads/_team.py": `
from collections import deque
class Team:
    def __init__(self): self._pending = deque()
    def _coordinateThisTask(self, task, worker):
        if worker is None: return self._pending.append(task)
        not_none_worker = worker
        def doWork():
            try: task()
            except BaseException: raise
            self._recycleWorker(not_none_worker)
        worker._q.put(doWork)
`,
		"waitress/task.py": `
import threading
from collections import deque
class ThreadedTaskDispatcher:
    def __init__(self): self.queue, self.lock = deque(), threading.Lock()
    def handler_thread(self, thread_no): self.queue.popleft()()
`,
	}
}

const jobsProgram = `
import asyncio, queue, sys, threading, time
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.pool import ThreadPool
sys.path.insert(0, sys.argv[1])
from anyio._backends._asyncio import AsyncIOBackend, CapacityLimiter, WorkerThread
from twisted._threads._team import Team
from twisted._threads._threadworker import ThreadWorker
from waitress.task import ThreadedTaskDispatcher
began = threading.Semaphore(0)
def job():
    began.release()
    time.sleep(3600)
def executed(): job()
def mapped(): job()
def deferred(): job()
def dispatched(): job()
def limited(): job()
executor, free, pool = ThreadPoolExecutor(2), ThreadPoolExecutor(2), ThreadPool(1)
for _ in range(5): executor.submit(executed)
free.submit(job)
for _ in range(3): pool.apply_async(mapped)
team = Team()
start = lambda work: threading.Thread(target=work, daemon=True, name="PoolThread").start()
busy, resting = ThreadWorker(start, queue.Queue()), ThreadWorker(start, queue.Queue())
for worker in busy, None, None, None, None: team._coordinateThisTask(deferred, worker)
dispatcher = ThreadedTaskDispatcher()
dispatcher.queue.extend([dispatched, dispatched, dispatched])
threading.Thread(target=dispatcher.handler_thread, args=(0,), daemon=True).start()
async def serve():
    limiter = CapacityLimiter(2)
    tasks = [asyncio.ensure_future(AsyncIOBackend.run_sync_in_worker_thread(limited, limiter)) for _ in range(8)]
    WorkerThread(asyncio.get_running_loop()).start()
    await asyncio.to_thread(lambda: [began.acquire() for _ in range(8)])
    print("ready", flush=True)
    await asyncio.sleep(3600)
asyncio.run(serve())
`

func TestThreadsOfAPoolTellHowManyJobsWait(t *testing.T) {
	folder := sitePackages(t, jobFiles())
	var finder Finder
	for _, exe := range interpreters(t) {
		t.Run(exe, func(t *testing.T) {
			t.Parallel()
			r, _ := start(t, &finder, exe, jobsProgram, folder)
			eventually(t, r, func(work []stacks.Work) string {
				at := map[string]int{} // threads by what they are at
				resting := 0
				for _, w := range work {
					if w.Kind != "thread" {
						continue
					}
					if w.Name == "PoolThread" && w.Idle && w.Pool && w.Queued == 0 {
						resting++
					}
					for _, f := range w.Frames {
						switch f.Function {
						case "executed", "mapped", "deferred", "dispatched", "limited":
							at[fmt.Sprintf("%s %d pool %v", f.Function, w.Queued, w.Pool)]++
						}
					}
				}
				want := map[string]int{"executed 3 pool true": 2, "mapped 2 pool true": 1, "deferred 4 pool true": 1,
					"dispatched 2 pool true": 1, "limited 6 pool true": 2}
				if fmt.Sprint(at) != fmt.Sprint(want) {
					return fmt.Sprintf("threads are at %v, want %v", at, want)
				}
				if resting != 1 {
					return fmt.Sprintf("%d threads of Twisted's pool rest, want 1: %+v", resting, work)
				}
				return ""
			})
		})
	}
}
