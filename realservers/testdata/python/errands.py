"""Tasks of a Huey queue."""
import os
import socket

from huey import RedisHuey

queue = RedisHuey("errands", host="127.0.0.1", port=int(os.environ["REDIS"]))


@queue.task()
def fetch():
    with socket.create_connection(("127.0.0.1", int(os.environ["UPSTREAM"]))) as feed:
        feed.sendall(b"next\n")
        print("the feed was asked", flush=True)
        feed.recv(100)  # hang: fetch


@queue.task()
def quick():
    print("the quick one is done", flush=True)
