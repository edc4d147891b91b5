"""What the guide says about Python and gunicorn themselves, tried in Python and gunicorn: prints one JSON object of figures. Standard library only, beside gunicorn and Flask."""

import asyncio
import fcntl
import json
import logging
import multiprocessing
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

LIMIT = 20  # seconds that anything may take
fork = multiprocessing.get_context("fork")


def until(true, limit=LIMIT):
    end = time.monotonic() + limit
    while not true() and time.monotonic() < end:
        time.sleep(0.01)
    return true()


def file_handler(folder):
    """A plain FileHandler writes while another process holds flock on its file."""
    path = os.path.join(folder, "async_tasks.log")
    holder = open(path, "a")
    fcntl.flock(holder, fcntl.LOCK_EX)
    log = logging.Logger("guide")
    log.addHandler(logging.FileHandler(path))
    slowest = 0.0
    for _ in range(1000):
        began = time.monotonic()
        log.info("Task started")
        slowest = max(slowest, time.monotonic() - began)
    with open(path) as f:
        lines = len(f.readlines())
    holder.close()
    return {"lines": lines, "slowest_ms": slowest * 1000}


def stopped_loop(_):
    """run_coroutine_threadsafe on a loop that was stopped and not closed."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    until(loop.is_running)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    raised, future, work = 0, None, asyncio.sleep(0)
    try:
        future = asyncio.run_coroutine_threadsafe(work, loop)
    except Exception:
        raised = 1
    time.sleep(1)
    done = int(future is not None and future.done())
    work.close()
    loop.close()
    return {"raised": raised, "done": done}


def forked_loop(_):
    """The guide's manager is made before a fork, as with preload_app: what the child finds."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    until(loop.is_running)
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        future = asyncio.run_coroutine_threadsafe(asyncio.sleep(0), loop)
        time.sleep(1)
        seen = {"says_running": int(loop.is_running()), "thread_alive": int(thread.is_alive()), "done": int(future.done())}
        os.write(write, json.dumps(seen).encode())
        os._exit(0)
    os.close(write)
    seen = json.loads(os.read(read, 4096))
    os.waitpid(pid, 0)
    loop.call_soon_threadsafe(loop.stop)
    return seen


def wait_for(_):
    """wait_for with a limit of 100 ms around a call that blocks for a second, and around one that awaits."""

    async def blocks():
        time.sleep(1)

    async def timed(work):
        began = time.monotonic()
        try:
            await asyncio.wait_for(work, 0.1)
        except asyncio.TimeoutError:
            pass
        return (time.monotonic() - began) * 1000

    return {"blocking_ms": asyncio.run(timed(blocks())), "awaiting_ms": asyncio.run(timed(asyncio.sleep(1)))}


def global_state(_):
    """Two processes call set_event_loop: is that of the first still the first's?"""
    mine = asyncio.new_event_loop()
    asyncio.set_event_loop(mine)
    other = fork.Process(target=lambda: asyncio.set_event_loop(asyncio.new_event_loop()))
    other.start()
    other.join()
    kept = int(asyncio.get_event_loop_policy().get_event_loop() is mine)
    asyncio.set_event_loop(None)
    mine.close()
    return {"kept": kept}


def handlers(_):
    """Four processes of one group register a handler for SIGINT each; then the group gets one SIGINT."""
    ran, ready = fork.Value("i", 0), fork.Value("i", 0)

    def worker():
        def handler(*_):
            with ran.get_lock():
                ran.value += 1
            os._exit(0)

        signal.signal(signal.SIGINT, handler)
        with ready.get_lock():
            ready.value += 1
        time.sleep(LIMIT)

    def group():
        os.setpgid(0, 0)
        all_of_it = [fork.Process(target=worker) for _ in range(4)]
        for one in all_of_it:
            one.start()
        until(lambda: ready.value == 4)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        os.killpg(0, signal.SIGINT)
        for one in all_of_it:
            one.join(LIMIT)

    leader = fork.Process(target=group)
    leader.start()
    leader.join(LIMIT)
    return {"processes": 4, "ran": ran.value}


def at_exit(folder):
    """Does atexit run: at an ordinary end, and after SIGKILL."""
    program = "import atexit, sys, time; atexit.register(lambda: open(sys.argv[1], 'w')); print(flush=True); time.sleep(float(sys.argv[2]))"
    seen = {}
    for name, kill in (("after_exit", False), ("after_sigkill", True)):
        path = os.path.join(folder, name)
        child = subprocess.Popen([sys.executable, "-c", program, path, str(LIMIT if kill else 0)], stdout=subprocess.PIPE)
        child.stdout.readline()
        if kill:
            child.kill()
        child.wait()
        seen[name] = int(os.path.exists(path))
    return seen


APP = """
import asyncio, logging, threading
from flask import Flask
app = Flask(__name__)
@app.route("/")
def hello(): return "hello"
"""


def gunicorn(folder, *options):
    """Starts the guide's gunicorn with four workers and returns its process, address and the pids of its workers."""
    with open(os.path.join(folder, "app.py"), "w") as f:
        f.write(APP)
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    arbiter = subprocess.Popen(["gunicorn", "--bind", f"127.0.0.1:{port}", "--workers", "4", "--chdir", folder, *options, "app:app"], stderr=subprocess.DEVNULL)
    children = f"/proc/{arbiter.pid}/task/{arbiter.pid}/children"

    def workers():
        with open(children) as f:
            return [int(pid) for pid in f.read().split()]

    def answers():
        try:
            with socket.create_connection(("127.0.0.1", port), 1) as c:
                c.sendall(b"GET / HTTP/1.0\r\n\r\n")
                return b"hello" in c.makefile("rb").read()
        except OSError:
            return False

    # Each worker answers a few: all have loaded the application then.
    started = until(lambda: len(workers()) == 4)
    time.sleep(1)
    if not started or not all(until(answers) for _ in range(40)):
        arbiter.kill()
        sys.exit("gunicorn with Flask did not start four workers that answer")
    return arbiter, workers


def memory(folder, *options):
    arbiter, workers = gunicorn(folder, *options)
    sums = {"Rss": 0, "Pss": 0}
    for pid in workers():
        with open(f"/proc/{pid}/smaps_rollup") as f:
            for line in f:
                name, _, rest = line.partition(":")
                if name in sums:
                    sums[name] += int(rest.split()[0]) * 1024
    arbiter.terminate()
    arbiter.wait()
    return {"workers": 4, "rss_bytes": sums["Rss"], "pss_bytes": sums["Pss"]}


def worker_int(folder):
    """How often the hook worker_int was called when four workers had booted, and when one of them had got SIGINT."""
    calls, conf = os.path.join(folder, "calls"), os.path.join(folder, "hooks.py")
    open(calls, "w").close()
    with open(conf, "w") as f:
        f.write(f"def worker_int(worker):\n    open({calls!r}, 'a').write('called\\n')\n")
    arbiter, workers = gunicorn(folder, "--config", conf)
    booted = os.path.getsize(calls) // len("called\n")
    os.kill(workers()[0], signal.SIGINT)
    until(lambda: os.path.getsize(calls) > 0)
    interrupted = os.path.getsize(calls) // len("called\n")
    arbiter.terminate()
    arbiter.wait()
    return {"calls_after_boot": booted, "calls_after_sigint": interrupted - booted}


def main():
    facts = {"file-handler": file_handler, "stopped-loop": stopped_loop, "forked-loop": forked_loop, "wait-for": wait_for, "global-state": global_state, "handlers": handlers, "at-exit": at_exit,
             "memory": memory, "memory-preload": lambda folder: memory(folder, "--preload"), "worker-int": worker_int}
    seen = {}
    for name, fact in facts.items():
        with tempfile.TemporaryDirectory() as folder:
            seen[name] = fact(folder)
    version = subprocess.run(["gunicorn", "--version"], capture_output=True, text=True).stdout.strip()
    print(json.dumps({"tool": f"Python {sys.version.split()[0]}, {version}", "seen": seen}))


main()
