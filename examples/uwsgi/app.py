"""A WSGI application that hangs in every way it is asked to: /hang/WAY. Made to be looked at with `hangtime diagnose` and `hangtime watch`; see README.md."""

import fcntl
import os
import socket
import sys
import threading
import time
from urllib.parse import parse_qs

HERE = os.environ.get("HANG_DIR", "/tmp")


def sleep():
    time.sleep(3600)


def file_lock(kind):
    with open(os.path.join(HERE, "app.log"), "a") as log:
        if kind == "flock":
            fcntl.flock(log, fcntl.LOCK_EX)
        else:
            fcntl.lockf(log, fcntl.LOCK_EX)


def full_pipe():
    _, end = os.pipe()
    while True:
        os.write(end, b"x" * 65536)


def upstream(port):
    with socket.create_connection(("127.0.0.1", port)) as s:
        s.sendall(b"GET / HTTP/1.0\r\n\r\n")
        s.recv(1)


def spin():
    n = 0
    while True:
        n += 1


class Locks:
    """Two threads take two locks, each in another order."""

    def __init__(self):
        self.a, self.b = threading.Lock(), threading.Lock()

    def forward(self):
        with self.a:
            time.sleep(0.05)
            with self.b:
                pass

    def deadlock(self):
        other = threading.Thread(target=self.forward, name="forward", daemon=True)
        self.b.acquire()
        other.start()
        time.sleep(0.1)
        self.a.acquire()


WAYS = {
    "sleep": lambda q: sleep(),
    "flock": lambda q: file_lock("flock"),
    "fcntl": lambda q: file_lock("fcntl"),
    "pipe": lambda q: full_pipe(),
    "upstream": lambda q: upstream(int(q["port"][0])),
    "spin": lambda q: spin(),
    "deadlock": lambda q: Locks().deadlock(),
    "abort": lambda q: os.abort(),
    "exit": lambda q: os._exit(7),
}


def app(environ, start_response):
    path = environ["PATH_INFO"]
    if path.startswith("/hang/"):
        way = path[len("/hang/"):]
        print("hang %s in pid %d" % (way, os.getpid()), file=sys.stderr, flush=True)
        WAYS[way](parse_qs(environ.get("QUERY_STRING", "")))
    body = ("worker %d\n" % os.getpid()).encode()
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]


application = app
