"""An application that hangs in each way that a worker of gunicorn can, on request, and says when it began (CLOCK_MONOTONIC, ns) and in which process.

Each hang ends by itself after the seconds that the request names, or when the bench lets go of what it holds.
"""

import fcntl
import os
import socket
import struct
import threading
import time
from urllib.parse import parse_qs


def sleep(q):
    time.sleep(float(q["for"]))  # here: sleep


def cpu(q):
    until = time.monotonic() + float(q["for"])
    while time.monotonic() < until: sum(range(1000))  # here: cpu


def flock(q):
    with open(q["path"], "a") as f:
        fcntl.flock(f, fcntl.LOCK_EX)  # here: flock


def posix(q):
    with open(q["path"], "a") as f:
        fcntl.lockf(f, fcntl.LOCK_EX)  # here: posix


def ofd(q):
    # struct flock: type, whence, start, len, pid (x86-64, aarch64); F_OFD_SETLKW is 38
    with open(q["path"], "a") as f:
        fcntl.fcntl(f, 38, struct.pack("hhqqi4x", fcntl.F_WRLCK, 0, 0, 0, 0))  # here: ofd


def pipe(q):
    # The bench holds the pipe's reading end, and does not read until the time is over.
    fd = os.open(q["path"], os.O_WRONLY)
    left = 256 << 10
    while left > 0:
        left -= os.write(fd, b"x" * 65536)  # here: pipe
    os.close(fd)


def mutex(q):
    lock = threading.Lock()
    lock.acquire()
    threading.Timer(float(q["for"]), lock.release).start()
    with lock:  # here: mutex
        pass


def recv(q):
    with socket.create_connection(("127.0.0.1", int(q["port"]))) as s:
        s.sendall(b"select 1;")
        s.recv(10)  # here: recv


def udp(q):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.connect(("127.0.0.1", int(q["port"])))
        s.send(b"?")
        s.recv(10)  # here: udp


def connect(q):
    # A listener with a full backlog: the kernel sends SYN again and again.
    with socket.socket() as s:
        s.settimeout(None)
        try:
            s.connect(("127.0.0.1", int(q["port"])))  # here: connect
        except OSError:
            pass


HANGS = {f.__name__: f for f in (sleep, cpu, flock, posix, ofd, pipe, mutex, recv, udp, connect)}


def app(environ, start_response):
    q = {k: v[0] for k, v in parse_qs(environ["QUERY_STRING"]).items()}
    if time.monotonic() > float(q.get("until", "inf")):
        q = {}
    began = time.monotonic_ns()
    how = q and HANGS.get(environ["PATH_INFO"].strip("/"))
    if how:
        how(q)
    elif "for" in q:
        time.sleep(float(q["for"]))
    body = f"{os.getpid()} {began}\n".encode()
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]
