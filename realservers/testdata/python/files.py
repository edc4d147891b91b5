"""Gives out files of a network file system."""
import os


def app(environ, start_response):
    if environ["PATH_INFO"] == "/file":
        os.stat(os.environ["DIR"] + "/share/plan.pdf")  # hang: file
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"ok\n"]
