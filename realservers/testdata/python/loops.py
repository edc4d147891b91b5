"""A chat service on one event loop: its tasks wait for each other, or one of them stops them all."""
import asyncio
import os
import threading
import time

room = asyncio.Lock()
benches = asyncio.Semaphore(2)
history = threading.Lock()
history.acquire()


async def enter():
    await room.acquire()  # hang: enter


async def sit():
    await benches.acquire()  # hang: sit


async def confirm():
    await asyncio.get_running_loop().create_future()  # hang: confirm


async def search():
    await asyncio.to_thread(time.sleep, 300)  # hang: search


async def remember():
    history.acquire()  # hang: remember


async def nap():
    time.sleep(300)  # hang: nap


async def translate():
    import requests
    requests.get(f"http://127.0.0.1:{os.environ['UPSTREAM']}/translate")  # hang: translate


async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        while (await receive())["type"] != "lifespan.shutdown":
            await send({"type": "lifespan.startup.complete"})
        await send({"type": "lifespan.shutdown.complete"})
        return
    work = {"/enter": enter, "/sit": sit, "/confirm": confirm, "/search": search, "/remember": remember, "/nap": nap, "/translate": translate}
    if scope["path"] in work:
        await work[scope["path"]]()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"3")]})
    await send({"type": "http.response.body", "body": b"ok\n"})
