"""A healthy service on one event loop: long polls, events, web sockets, and a thread that reads a pipe into which nothing comes."""
import asyncio
import os
import threading

reader, writer = os.pipe()
threading.Thread(target=os.read, args=(reader, 1), name="records", daemon=True).start()


async def web_socket(receive, send):
    await receive()
    await send({"type": "websocket.accept"})
    while (message := await receive())["type"] != "websocket.disconnect":
        await send({"type": "websocket.send", "text": message.get("text") or ""})


async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        return
    if scope["type"] == "websocket":
        await web_socket(receive, send)
        return
    if scope["path"] == "/poll":
        await asyncio.sleep(300)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    if scope["path"] == "/events":
        for _ in range(200):
            await send({"type": "http.response.body", "body": b"data: x\n\n", "more_body": True})
            await asyncio.sleep(3)
    await send({"type": "http.response.body", "body": b"ok\n"})
