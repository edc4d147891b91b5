"""A worker with a thread that nobody tells to stop: it cannot end."""
import queue
import threading

letters = queue.Queue()


def write():
    while True:
        letters.get()


threading.Thread(target=write, name="mailer").start()


def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"ok\n"]
