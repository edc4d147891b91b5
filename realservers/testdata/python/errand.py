"""A program that listens nowhere and does what it is told to. The comment hang: NAME is where it stands."""
import os
import signal
import sys
import threading
import time
import urllib.request

shelf, till = threading.Lock(), threading.Lock()


def ask():
    urllib.request.urlopen("http://127.0.0.1:" + os.environ["UPSTREAM"])  # hang: ask


def sleep():
    while True:
        time.sleep(0.5)  # hang: sleep


def signals():
    signal.pause()  # hang: signals


def circle():
    both = threading.Barrier(2)

    def take(first, second):
        with first:
            both.wait()
            second.acquire()  # hang: circle

    all = [threading.Thread(target=take, args=pair) for pair in ((shelf, till), (till, shelf))]
    for one in all:
        one.start()
    for one in all:
        one.join()


print("ready", flush=True)
globals()[sys.argv[1]]()
