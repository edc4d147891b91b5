"""Takes connections out of a pool of two; the page /leak does not give its own back."""
import os

from sqlalchemy import create_engine, text

engine = create_engine("%s://shop@127.0.0.1:%s/%s" % tuple(os.environ[name] for name in ("DRIVER", "PGPORT", "PGDATABASE")), pool_size=2,
                       max_overflow=0, pool_timeout=300)
leaked = []


def leak():
    connection = engine.connect()
    connection.execute(text("select balance from account where id = 1"))
    leaked.append(connection)


def stock():
    with engine.connect() as connection:  # hang: stock
        connection.execute(text("select 1"))


def app(environ, start_response):
    {"/leak": leak, "/stock": stock}.get(environ["PATH_INFO"], lambda: None)()
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"ok\n"]
