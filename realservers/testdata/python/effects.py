"""Tasks whose effect can be counted, for workers of Celery and of RQ."""
import os
import time

from celery import Celery

url = f"redis://127.0.0.1:{os.environ['REDIS']}/0"
app = Celery("effects", broker=url, backend=url)
app.conf.broker_connection_retry_on_startup = True


@app.task
def send(number):
    deliver(number)


def deliver(number):
    time.sleep(0.1)
    with open(os.path.join(os.environ["DIR"], "effects"), "a") as book:
        book.write(f"{number}\n")
