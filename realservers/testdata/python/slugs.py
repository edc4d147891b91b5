"""Makes addresses out of titles, by a pattern that tries all ways to match what does not."""
import re

words = re.compile(r"^([a-z]+-?)*$")


def app(environ, start_response):
    if environ["PATH_INFO"] == "/slug":
        words.match("a" * 64 + "!")  # hang: slug
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"ok\n"]
