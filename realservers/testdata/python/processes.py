"""A shop whose worker processes share things: a semaphore, a named pipe, a thread that was there before they were."""
import ctypes
import fcntl
import multiprocessing
import os
import threading
import time

counter = threading.Lock()
tills = multiprocessing.get_context("fork").Semaphore(1)
libc = ctypes.CDLL(None, use_errno=True)
folder = os.environ["DIR"]


def flush():
    while True:
        with counter:
            time.sleep(3600)


def count():
    # The lock was taken by a thread of the parent when this process was made, and that thread is not here.
    with counter:  # hang: count
        pass


def till():
    tills.acquire()  # hang: till


def turn():
    # struct sembuf: number, operation, flags
    libc.semop(semaphores, (ctypes.c_short * 3)(0, -1, 0), 1)  # hang: turn


def news():
    with open(folder + "/news") as pipe:  # hang: news
        pipe.read()


def note():
    with open(folder + "/notes", "a") as notes:
        fcntl.flock(notes, fcntl.LOCK_EX)  # hang: note


def shout():
    for _ in range(300):
        print("." * 1000)  # hang: shout


threading.Thread(target=flush, name="flusher", daemon=True).start()
semaphores = libc.semget(0, 1, 0o600 | 0o1000)  # IPC_PRIVATE, IPC_CREAT: its value is 0
with open(folder + "/semaphores", "w") as f:
    f.write(str(semaphores))
os.mkfifo(folder + "/news")
tills.acquire()
time.sleep(0.1)


def app(environ, start_response):
    work = {"/count": count, "/till": till, "/turn": turn, "/news": news, "/note": note, "/shout": shout}
    work.get(environ["PATH_INFO"], lambda: None)()
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"ok\n"]
