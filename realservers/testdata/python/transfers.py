"""Moves money out of an account whose row somebody else has locked."""
import os

try:
    import psycopg
except ImportError:
    import psycopg2 as psycopg


def withdraw():
    connection = psycopg.connect(host="127.0.0.1", port=os.environ["PGPORT"], user="shop", dbname="postgres")
    cursor = connection.cursor()
    cursor.execute("select balance from account where id = %s for update" % os.environ["ACCOUNT"])  # hang: withdraw
    connection.commit()


def app(environ, start_response):
    if environ["PATH_INFO"] == "/withdraw":
        withdraw()
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"ok\n"]
