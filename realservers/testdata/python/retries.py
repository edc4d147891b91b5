"""An archive that asks again and again, with a sleep between, until it gets what it wants."""
import os
import socket
import sqlite3
import time

archive = os.environ["DIR"] + "/archive.sqlite"


def keep():
    connection = sqlite3.connect(archive, timeout=300)
    connection.execute("insert into paper values (1)")  # hang: keep
    connection.commit()


def lease():
    import redis
    # Whoever had it has died, and it does not expire.
    redis.Redis(port=int(os.environ["REDIS"])).lock("shelf").acquire()  # hang: lease


def connect(pause):
    while True:
        try:
            return socket.create_connection(("127.0.0.1", 1), 1)
        except OSError:
            time.sleep(pause)


def deliver(pause):
    connect(pause)  # hang: deliver


def app(environ, start_response):
    path = environ["PATH_INFO"]
    if path == "/keep":
        keep()
    elif path == "/lease":
        lease()
    elif path == "/deliver":
        deliver(float(environ["QUERY_STRING"]))
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"ok\n"]
