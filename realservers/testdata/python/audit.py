"""Tells each purchase to the system's log, over its socket."""
import logging
import logging.handlers
import os

log = logging.getLogger("audit")
log.setLevel(logging.INFO)
log.addHandler(logging.handlers.SysLogHandler(os.environ["DIR"] + "/log"))


def app(environ, start_response):
    if environ["PATH_INFO"] == "/buy":
        log.info("bought: %s", "x" * 200)  # hang: buy
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"ok\n"]
