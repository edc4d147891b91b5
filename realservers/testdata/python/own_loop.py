"""A worker by its own loop: it waits for the next job of a list in Redis, and sends it to nobody."""
import os

import redis

queue = redis.Redis(port=int(os.environ["REDIS"]))


def main():
    print("ready", flush=True)
    while True:
        queue.blpop("letters", timeout=0)


main()
