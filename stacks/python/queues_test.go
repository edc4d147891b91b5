package python

import (
	"fmt"
	"testing"

	"github.com/hangtime-dev/hangtime/stacks"
)

// queueFiles have the functions that the workers of queues of tasks have, in files of the same places.
func queueFiles() map[string]string {
	return map[string]string{
		"dramatiq/__init__.py": "", "huey/__init__.py": "", "taskiq/__init__.py": "", "taskiq/receiver/__init__.py": "",
		"apscheduler/__init__.py": "", "apscheduler/executors/__init__.py": "",
		"dramatiq/worker.py": `
import threading
class Message:
    def __init__(self, name): self.actor_name, self.message_id = name, "id-of-" + name
class MessageProxy:
    def __init__(self, message): self._message = message
class WorkerThread(threading.Thread):
    def __init__(self, name, work_queue):
        super().__init__(name=name, daemon=True)
        self.work_queue = work_queue
    def run(self):
        while True: self.process_message(*self.work_queue.get())
    def process_message(self, message, actor): actor()
`,
		"huey/consumer.py": `
import select, os
class ForkSafeFlag:
    def __init__(self): self._r, self._w = os.pipe()
    def wait(self, timeout=None):
        poller = select.poll()
        poller.register(self._r, select.POLLIN)
        return bool(poller.poll(timeout))
class Worker:
    def __init__(self, huey): self.huey, self.stop_flag = huey, ForkSafeFlag()
    def loop(self, now=None):
        task = self.huey.dequeue()
        if task is not None: self.huey.execute(task, now)
        self.sleep()
    def sleep(self): self.stop_flag.wait()
`,
		"huey/api.py": `
class Task:
    def __init__(self, name, call): self.name, self.id, self.execute = name, "id-of-" + name, call
class Huey:
    def __init__(self, *tasks): self.tasks = list(tasks)
    def dequeue(self): return self.tasks.pop() if self.tasks else None
    def execute(self, task, timestamp): task.execute()
`,
		"taskiq/receiver/receiver.py": `
class TaskiqMessage:
    def __init__(self, name): self.task_name, self.task_id = name, "id-of-" + name
class Receiver:
    async def run_task(self, target, message): await target()
`,
		"apscheduler/executors/base.py": `
def run_job(job, jobstore_alias, run_times, logger_name): job()
`,
	}
}

const queuesProgram = `
import asyncio, queue, sys, threading, time
from concurrent.futures import ThreadPoolExecutor
sys.path.insert(0, sys.argv[1])
from apscheduler.executors.base import run_job
from dramatiq.worker import Message, MessageProxy, WorkerThread
from huey.api import Huey, Task
from huey.consumer import Worker
from taskiq.receiver.receiver import Receiver, TaskiqMessage
began = threading.Semaphore(0)
def job():
    began.release()
    time.sleep(3600)
WorkerThread("dramatiq idle", queue.Queue()).start()
messages = queue.Queue()
messages.put((MessageProxy(Message("pay")), job))
WorkerThread("dramatiq busy", messages).start()
threading.Thread(target=Worker(Huey()).loop, name="huey idle", daemon=True).start()
threading.Thread(target=Worker(Huey(Task("fetch", job))).loop, name="huey busy", daemon=True).start()
ThreadPoolExecutor(1, "scheduled").submit(run_job, job, "default", [], "")
async def ship(): await asyncio.sleep(3600)
async def mail(ctx, address):
    await asyncio.sleep(3600)
async def serve():
    kept = [asyncio.ensure_future(Receiver().run_task(ship, TaskiqMessage("ship"))),
        asyncio.ensure_future(mail({"job_id": "id-of-mail", "enqueue_time": time, "job_try": 1}, "a"))]
    kept[0].set_name("taskiq")
    kept[1].set_name("arq")
    await asyncio.to_thread(lambda: [began.acquire() for _ in range(3)])
    print("ready", flush=True)
    await asyncio.sleep(3600)
asyncio.run(serve())
`

func TestWorkersOfQueuesRestOrTellTheirTask(t *testing.T) {
	folder := sitePackages(t, queueFiles())
	var finder Finder
	for _, exe := range interpreters(t) {
		t.Run(exe, func(t *testing.T) {
			t.Parallel()
			r, _ := start(t, &finder, exe, queuesProgram, folder)
			eventually(t, r, func(work []stacks.Work) string {
				for _, want := range []struct {
					name       string
					idle, pool bool
					task       string
				}{
					{"dramatiq idle", true, true, ""},
					{"dramatiq busy", false, true, "pay"},
					{"huey idle", true, true, ""},
					{"huey busy", false, true, "fetch"},
					{"scheduled_0", false, false, ""},
					{"taskiq", false, false, "ship"},
					{"arq", false, false, "mail"},
				} {
					w := work1(work, want.name)
					id := ""
					if want.task != "" {
						id = "id-of-" + want.task
					}
					if len(w.Frames) == 0 || w.Idle != want.idle || w.Pool != want.pool || w.Request.Path != want.task ||
						w.Request.ID != id {
						return fmt.Sprintf("%s is %+v, want %+v", want.name, w, want)
					}
				}
				return ""
			})
		})
	}
}
