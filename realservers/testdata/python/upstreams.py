"""A currency service that asks others, and sets no limit on how long they may take."""
import asyncio
import os
import time
import urllib.request

import requests

upstream = f"http://127.0.0.1:{os.environ.get('UPSTREAM', '9')}"


def rates():
    requests.get(upstream + "/rates")  # hang: rates


def webhook():
    # The limit is none for the look-up of the name.
    requests.get("http://hooks.example.org/", timeout=5)  # hang: webhook


def own_page():
    time.sleep(0.3)
    urllib.request.urlopen(f"http://127.0.0.1:{os.environ['PORT']}/ok").read()  # hang: own_page


async def ask():
    reader, writer = await asyncio.open_connection("127.0.0.1", int(os.environ["UPSTREAM"]))
    writer.write(b"GET /rates HTTP/1.0\r\n\r\n")
    await reader.read()  # hang: ask


def upload(environ):
    environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))  # hang: upload


def app(environ, start_response):
    path = environ["PATH_INFO"]
    if environ["REQUEST_METHOD"] == "POST":
        upload(environ)
    elif path == "/rates":
        rates()
    elif path == "/webhook":
        webhook()
    elif path == "/async":
        asyncio.run(ask())  # a loop for this request alone
    elif path == "/own":
        own_page()
    start_response("200 OK", [("Content-Type", "text/plain")])
    if path == "/big":
        return [b"." * 30_000_000]
    return [b"ok\n"]


application = app
