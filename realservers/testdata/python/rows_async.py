"""Moves money between accounts on an event loop."""
import os

import asyncpg

pools = []


async def pay():
    if not pools:
        pools.append(await asyncpg.create_pool(host="127.0.0.1", port=int(os.environ["PGPORT"]), user="shop",
                                               database=os.environ["PGDATABASE"], min_size=3, max_size=5))
    async with pools[0].acquire() as connection:
        await connection.execute("update account set balance = balance - 1 where id = 1")  # hang: pay


async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    if scope["path"] == "/pay":
        await pay()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"3")]})
    await send({"type": "http.response.body", "body": b"ok\n"})
