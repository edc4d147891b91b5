"""Orders out of a pool of two connections, on an event loop; someone never gives his back."""
import os

import asyncpg

pool = None
lost = []


async def orders():
    async with pool.acquire() as connection:  # hang: orders
        await connection.fetch("select 1")


async def app(scope, receive, send):
    global pool
    if scope["type"] == "lifespan":
        await receive()
        pool = await asyncpg.create_pool(host="127.0.0.1", port=os.environ["PGPORT"], user="shop", database="postgres", min_size=2, max_size=2)
        await send({"type": "lifespan.startup.complete"})
        await receive()
        return
    if scope["path"] == "/lose":
        lost.append(await pool.acquire())
    elif scope["path"] == "/orders":
        await orders()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"ok\n"})
