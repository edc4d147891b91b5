"""A task of the guide, done by RQ: it takes a while, and its effect is not shown."""
import time


def send(number, pause=0.05):
    time.sleep(pause)
    return number
