"""Works under a lock in Redis that has no time limit."""
import os
import time

import redis

store = redis.Redis(port=int(os.environ["REDIS"]))


def take():
    lock = store.lock("stock")
    lock.acquire()  # hang: take
    return lock


def app(environ, start_response):
    if environ["PATH_INFO"] == "/die":
        take()
        os._exit(1)
    if environ["PATH_INFO"] == "/work":
        take()
        time.sleep(60)
    if environ["PATH_INFO"] == "/take":
        take().release()
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"ok\n"]
