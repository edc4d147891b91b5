"""A healthy service with slow requests: it computes for two seconds, it waits for two, it sends events."""
import multiprocessing
import time

pool = None


def square(n):
    return n * n


def app(environ, start_response):
    global pool
    path, query = environ["PATH_INFO"], environ["QUERY_STRING"]
    if path == "/compute":
        end = time.time() + 2
        while time.time() < end:
            sum(range(1000))
    elif path == "/wait":
        time.sleep(float(query))
    elif path == "/squares":
        pool = pool or multiprocessing.get_context("fork").Pool(2)
        pool.map(square, range(10))
    if path == "/events":
        def events():
            for n in range(200):
                yield b"data: %d\n\n" % n
                time.sleep(1.5)
        start_response("200 OK", [("Content-Type", "text/event-stream")])
        return events()
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "3")])
    return [b"ok\n"]
