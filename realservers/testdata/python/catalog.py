"""A catalog in SQLAlchemy's ORM for asyncio, whose two connections someone never gives back."""
import os

from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

engine = create_async_engine(f"postgresql+asyncpg://shop@127.0.0.1:{os.environ['PGPORT']}/postgres", pool_size=2, max_overflow=0, pool_timeout=300)
lost = []


async def items():
    async with engine.connect() as connection:  # hang: items
        await connection.execute(text("select 1"))


async def app(scope, receive, send):
    if scope["path"] == "/lose":
        lost.append(await engine.connect())
    elif scope["path"] == "/items":
        await items()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"ok\n"})
