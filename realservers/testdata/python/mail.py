"""Waits for the next message of a queue while somebody waits for the page."""
import os

import redis

store = redis.Redis(port=int(os.environ["REDIS"]))


def app(environ, start_response):
    if environ["PATH_INFO"] == "/next":
        store.blpop("mail")  # hang: next
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"ok\n"]
