"""Requests that wait in Python itself, in threads (app, for gunicorn) and in tasks (tasks, for uvicorn).

Each waits for as long as the request says (for=SECONDS) at the line that is marked "# here", and answers with its process and the moment (CLOCK_MONOTONIC, ns) at which it began.
"""

import asyncio
import concurrent.futures
import multiprocessing
import os
import queue
import socket
import threading
import time
from urllib.parse import parse_qs

import sqlalchemy.pool


def after(seconds, do, *args):
    t = threading.Timer(float(seconds), do, args)
    t.daemon = True
    t.start()


class Gate:
    """What all requests of one kind wait for: the first shuts it for as long as it is to wait."""

    def __init__(self, shut):
        self.shut = shut
        self.guard, self.waiting = threading.Lock(), 0

    def enter(self, seconds):
        with self.guard:
            if not self.waiting:
                self.shut(seconds)
            self.waiting += 1

    def leave(self):
        with self.guard:
            self.waiting -= 1


LOCK = threading.Lock()
RLOCK = threading.RLock()
CONDITION = threading.Condition()
PLACES = threading.Semaphore(1)


def hold_rlock(seconds):
    def hold():
        with RLOCK:
            held.set()
            time.sleep(float(seconds))

    held = threading.Event()
    threading.Thread(target=hold, daemon=True).start()
    held.wait()


def hold_lock(seconds):
    LOCK.acquire()
    after(seconds, LOCK.release)


def hold_places(seconds):
    PLACES.acquire()
    after(seconds, PLACES.release)


GATES = {
    "lock": Gate(hold_lock),
    "rlock": Gate(hold_rlock),
    "semaphore": Gate(hold_places),
}


def lock(q):
    with LOCK:  # here: lock
        pass


def rlock(q):
    with RLOCK:  # here: rlock
        pass


def semaphore(q):
    with PLACES:  # here: semaphore
        pass


def condition(q):
    done = []

    def notify():
        with CONDITION:
            done.append(1)
            CONDITION.notify_all()

    after(q["for"], notify)
    with CONDITION:
        while not done:
            CONDITION.wait()  # here: condition


def jobs(q):
    mine = queue.Queue()
    after(q["for"], mine.put, 1)
    mine.get()  # here: jobs


def event(q):
    mine = threading.Event()
    after(q["for"], mine.set)
    mine.wait()  # here: event


def future(q):
    mine = concurrent.futures.Future()
    after(q["for"], mine.set_result, 1)
    mine.result()  # here: future


class Connection:
    def rollback(self):
        pass

    def close(self):
        pass

    def commit(self):
        pass


POOL = sqlalchemy.pool.QueuePool(Connection, pool_size=1, max_overflow=0, timeout=600)


def hold_pool(seconds):
    c = POOL.connect()
    after(seconds, c.close)


GATES["database"] = Gate(hold_pool)


def database(q):
    POOL.connect().close()  # here: database


def recv(q):
    with socket.create_connection(("127.0.0.1", int(q["port"]))) as s:
        s.sendall(b"select 1;")
        s.recv(10)  # here: recv


def sleep(q):
    time.sleep(float(q["for"]))  # here: sleep


HANGS = {f.__name__: f for f in (lock, rlock, semaphore, condition, jobs, event, future, database, recv, sleep)}


WORKERS = None


def processes(q):
    """A pool of processes that has done something once and rests since."""
    global WORKERS
    if not WORKERS:
        WORKERS = multiprocessing.get_context("fork").Pool(2)
    WORKERS.map(abs, range(-10, 10))


HANGS["processes"] = processes


def asked(path, query):
    q = {k: v[0] for k, v in parse_qs(query).items()}
    return path.strip("/"), q


def stream(seconds):
    """Server-sent events: one each second."""
    for number in range(int(seconds)):
        yield f"data: {number}\n\n".encode()
        time.sleep(1)


def app(environ, start_response):
    name, q = asked(environ["PATH_INFO"], environ["QUERY_STRING"])
    if name == "events":
        start_response("200 OK", [("Content-Type", "text/event-stream")])
        return stream(q["for"])
    if time.monotonic() > float(q.get("until", "inf")):
        name, q = "", {}
    gate = GATES.get(name)
    if gate:
        gate.enter(q["for"])
    began = time.monotonic_ns()
    how = HANGS.get(name)
    if how:
        how(q)
    elif "for" in q:
        time.sleep(float(q["for"]))
    if gate:
        gate.leave()
    body = f"{os.getpid()} {began}\n".encode()
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]


async def a_lock(q):
    mine = asyncio.Lock()
    await mine.acquire()
    asyncio.get_running_loop().call_later(float(q["for"]), mine.release)
    async with mine:  # here: a_lock
        pass


async def a_event(q):
    mine = asyncio.Event()
    asyncio.get_running_loop().call_later(float(q["for"]), mine.set)
    await mine.wait()  # here: a_event


async def a_queue(q):
    mine = asyncio.Queue()
    asyncio.get_running_loop().call_later(float(q["for"]), mine.put_nowait, 1)
    await mine.get()  # here: a_queue


async def a_future(q):
    mine = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_later(float(q["for"]), mine.set_result, 1)
    await mine  # here: a_future


async def a_thread(q):
    await asyncio.to_thread(time.sleep, float(q["for"]))  # here: a_thread


async def a_read(q):
    reader, writer = await asyncio.open_connection("127.0.0.1", int(q["port"]))
    writer.write(b"select 1;")
    await reader.read(10)  # here: a_read
    writer.close()


async def blocks(q):
    time.sleep(float(q["for"]))  # here: blocks


async def computes(q):
    until = time.monotonic() + float(q["for"])
    while time.monotonic() < until: sum(range(1000))  # here: computes


AWAITS = {f.__name__: f for f in (a_lock, a_event, a_queue, a_future, a_thread, a_read, blocks, computes)}


async def web_socket(receive, send):
    await receive()
    await send({"type": "websocket.accept"})
    while (message := await receive())["type"] != "websocket.disconnect":
        await send({"type": "websocket.send", "text": message.get("text") or ""})


async def send_stream(seconds, send):
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/event-stream")]})
    for number in range(int(seconds)):
        await send({"type": "http.response.body", "body": f"data: {number}\n\n".encode(), "more_body": True})
        await asyncio.sleep(1)
    await send({"type": "http.response.body", "body": b""})


async def tasks(scope, receive, send):
    if scope["type"] == "websocket":
        await web_socket(receive, send)
    if scope["type"] != "http":
        return
    name, q = asked(scope["path"], scope["query_string"].decode())
    if name == "events":
        return await send_stream(q["for"], send)
    began = time.monotonic_ns()
    how = AWAITS.get(name)
    if how:
        await how(q)
    elif "for" in q:
        await asyncio.sleep(float(q["for"]))
    body = f"{os.getpid()} {began}\n".encode()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", str(len(body)).encode())]})
    await send({"type": "http.response.body", "body": body})
