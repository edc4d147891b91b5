"""A ledger whose connections are two, and are taken and not given back."""
import os

from sqlalchemy import create_engine, text

try:
    import psycopg  # noqa: F401
    driver = "psycopg"
except ImportError:
    driver = "psycopg2"

engine = create_engine(f"postgresql+{driver}://shop@127.0.0.1:{os.environ['PGPORT']}/postgres", pool_size=2, max_overflow=0, pool_timeout=300)
lost = []


def accounts():
    with engine.connect() as connection:  # hang: accounts
        connection.execute(text("select count(*) from account"))


def app(environ, start_response):
    if environ["PATH_INFO"] == "/lose":
        lost.append(engine.connect())
    elif environ["PATH_INFO"] == "/accounts":
        accounts()
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"ok\n"]
