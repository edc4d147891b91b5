"""A theatre's booking service, whose threads wait for what never comes. The comment `hang: NAME` is where."""
import ctypes
import queue
import threading
import time

seats = threading.Lock()
offers = queue.Queue()
curtain = threading.Event()
stalls, gallery = threading.RLock(), threading.RLock()


def reserve():
    # An error path of a request before this one forgot to release it.
    seats.acquire()  # hang: reserve


def offer():
    # The thread that makes offers has died of an exception.
    offers.get()  # hang: offer


def move(first, second):
    # Whoever moves a booking locks both parts of the house, in the order that the booking says.
    with first:
        time.sleep(0.4)
        with second:  # hang: move
            pass


def programme():
    def pages():
        yield b"tonight\n" * 10
        # The second half of the answer never comes.
        curtain.wait()  # hang: programme
    return pages()


def meditate():
    # PyDLL keeps the interpreter's lock while the function runs: no other thread gets it.
    ctypes.PyDLL(None).sleep(300)  # hang: meditate


def app(environ, start_response):
    path = environ["PATH_INFO"]
    body = [b"ok\n"]
    if path == "/programme":
        body = programme()
    elif path == "/reserve":
        reserve()
    elif path == "/offer":
        offer()
    elif path == "/meditate":
        meditate()
    elif path == "/down":
        move(stalls, gallery)
    elif path == "/up":
        move(gallery, stalls)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return body
