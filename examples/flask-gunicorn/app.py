"""The guide's Flask application with its AsyncTaskManager, to run under gunicorn beside hangtime's own reference server.

Each bad side of the guide is an environment variable whose default is the good side:
  APP_LOGGING     per-pid | shared | shared-lock | stdout
  APP_STATE       aware | unaware
  APP_IO          executor | blocking
  APP_FAIL        boot: raise while the module is imported
"""
import asyncio
import atexit
import fcntl
import json
import logging
import os
import resource
import sys
import threading
import time
import uuid
from datetime import datetime

from flask import Flask, jsonify, request

LOGGING = os.environ.get("APP_LOGGING", "per-pid")
STATE = os.environ.get("APP_STATE", "aware")
IO = os.environ.get("APP_IO", "executor")

if os.environ.get("APP_FAIL") == "boot":
    raise RuntimeError("APP_FAIL=boot: told to fail while the module is imported")


class LockingHandler(logging.FileHandler):
    """Takes flock around each line, as portalocker and the like do."""

    def emit(self, record):
        fcntl.flock(self.stream, fcntl.LOCK_EX)
        try:
            super().emit(record)
        finally:
            fcntl.flock(self.stream, fcntl.LOCK_UN)


class PrintHandler(logging.StreamHandler):
    def __init__(self):
        super().__init__(sys.stdout)


def handler():
    if LOGGING == "per-pid":
        return logging.FileHandler(f"async_tasks_{os.getpid()}.log", delay=True)
    if LOGGING == "shared":
        return logging.FileHandler("async_tasks.log")
    if LOGGING == "shared-lock":
        return LockingHandler("async_tasks.log")
    return PrintHandler()


logger = logging.getLogger("async_tasks")
logger.setLevel(logging.INFO)
logger.propagate = False
logger.addHandler(handler())


def memory_mib():
    with open("/proc/self/statm") as f:
        return int(f.read().split()[1]) * resource.getpagesize() / 1024 / 1024


class AsyncTaskManager:
    def __init__(self, max_concurrent_tasks=100):
        self._loop = None
        self._loop_thread = None
        self._running = False
        self._active_tasks = 0
        self._semaphore = None
        self._max_concurrent_tasks = max_concurrent_tasks
        self._start_event_loop()

    def _start_event_loop(self):
        if self._running:
            return
        started = threading.Event()

        def run_event_loop():
            try:
                self._loop = asyncio.new_event_loop()
                asyncio.set_event_loop(self._loop)
                self._semaphore = asyncio.Semaphore(self._max_concurrent_tasks)
                self._running = True
                started.set()
                self._loop.run_forever()
            except Exception as e:
                logger.error("Error in event loop: %s", e)
            finally:
                self._running = False

        self._loop_thread = threading.Thread(target=run_event_loop, name="loop", daemon=True)
        self._loop_thread.start()
        if STATE == "aware":
            started.wait(5)

    def _restart_event_loop(self):
        self.shutdown()
        time.sleep(0.1)
        self._start_event_loop()

    async def _do_work(self, work, duration):
        if IO == "blocking":
            time.sleep(duration)
        elif work == "sleep":
            await asyncio.sleep(duration)
        else:
            await asyncio.get_running_loop().run_in_executor(None, time.sleep, duration)

    async def _long_running_async_task(self, task, work, duration):
        async with self._semaphore:
            self._active_tasks += 1
            try:
                await asyncio.wait_for(self._do_work(work, duration), timeout=300)
            finally:
                self._active_tasks -= 1

    def trigger_async_task(self, task, work, duration):
        if STATE == "aware" and (not self._running or not self._loop):
            self._restart_event_loop()
        logger.info(json.dumps({"msg": "task accepted", "id": task, "pid": os.getpid(), "memory_mib": round(memory_mib(), 2), "active": self._active_tasks}))
        began = time.time()
        future = asyncio.run_coroutine_threadsafe(self._long_running_async_task(task, work, duration), self._loop)
        future.add_done_callback(lambda f: self._log_completion(task, began, f))

    def _log_completion(self, task, began, future):
        what = "task failed" if future.cancelled() or future.exception() else "task done"
        logger.info(json.dumps({"msg": what, "id": task, "pid": os.getpid(), "took_ms": round((time.time() - began) * 1000, 3)}))

    def shutdown(self):
        if self._loop and self._running:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._running = False
            if self._loop_thread and self._loop_thread.is_alive():
                self._loop_thread.join(timeout=5)


app = Flask(__name__)
async_task_manager = AsyncTaskManager()
atexit.register(async_task_manager.shutdown)


def seconds(text):
    for unit, factor in (("ms", 0.001), ("s", 1), ("m", 60), ("h", 3600)):
        if text.endswith(unit):
            return float(text[: -len(unit)]) * factor
    raise ValueError(text)


@app.route("/task", methods=["POST"])
def task():
    body = request.get_json(silent=True)
    if not isinstance(body, dict) or body.get("work", "sleep") not in ("sleep", "thread"):
        return jsonify({"error": 'want a JSON object such as {"work":"sleep","duration":"20ms"}'}), 400
    try:
        duration = seconds(body.get("duration", "0s"))
    except (ValueError, AttributeError):
        return jsonify({"error": "duration: want a time such as 20ms"}), 400
    name = uuid.uuid4().hex
    async_task_manager.trigger_async_task(name, body.get("work", "sleep"), duration)
    return jsonify({"id": name, "pid": os.getpid()}), 202


@app.route("/health")
def health_check():
    return jsonify({
        "status": "healthy",
        "timestamp": datetime.now().isoformat(),
        "pid": os.getpid(),
        "active_tasks": async_task_manager._active_tasks,
    })


@app.route("/metrics")
def metrics():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return jsonify({
        "memory_usage_mb": memory_mib(),  # the guide's name; it carries MiB there, too
        "cpu_percent": used.ru_utime + used.ru_stime,
        "active_tasks": async_task_manager._active_tasks,
        "event_loop_running": async_task_manager._running,
    })
