"""Tasks of a Celery queue."""
import os
import socket
import time
import threading

from celery import Celery

app = Celery("tasks", broker=f"redis://127.0.0.1:{os.environ['REDIS']}/0")
app.conf.broker_connection_retry_on_startup = True
if os.environ.get("ACKS") == "late":
    app.conf.task_acks_late = app.conf.task_reject_on_worker_lost = True
stock = threading.Lock()


@app.task
def quick():
    pass


@app.task
def fetch():
    with socket.create_connection(("127.0.0.1", int(os.environ["UPSTREAM"]))) as feed:
        feed.sendall(b"next\n")
        print("the feed was asked", flush=True)
        feed.recv(100)  # hang: fetch


@app.task
def count():
    stock.acquire()
    print("the stock was counted", flush=True)
    stock.acquire()  # hang: count


@app.task
def page(number):
    time.sleep(0.25)
    if number == 0:
        print("the first page was sent", flush=True)
