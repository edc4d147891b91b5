"""A task of the guide, done by Celery: it takes a while, and its effect is not shown."""
import os
import time

from celery import Celery

url = os.environ.get("HANGTIME_BROKER", "redis://127.0.0.1:6379/0")
app = Celery("tasks", broker=url, backend=url)
app.conf.broker_connection_retry_on_startup = True
if os.environ.get("ACKS") == "late":
    app.conf.task_acks_late = True
    app.conf.task_reject_on_worker_lost = True


@app.task
def send(number, pause=0.05):
    time.sleep(pause)
    return number
