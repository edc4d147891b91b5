"""Moves money between accounts, and forgets about transactions in the ways that people do."""
import os
import time

try:
    import psycopg
except ImportError:
    import psycopg2 as psycopg

forgotten = []


def connect():
    return psycopg.connect(host="127.0.0.1", port=os.environ["PGPORT"], user="shop", dbname=os.environ["PGDATABASE"])


def take(cursor, account):
    cursor.execute("update account set balance = balance - 1 where id = %d" % account)  # hang: take


def report():
    connection = connect()
    take(connection.cursor(), 1)
    time.sleep(60)  # hang: report
    connection.commit()


def pay():
    connection = connect()
    take(connection.cursor(), 1)
    connection.commit()


def forget():
    connection = connect()
    take(connection.cursor(), 1)
    forgotten.append(connection)


def twice():
    first, second = connect(), connect()
    take(first.cursor(), 2)
    take(second.cursor(), 2)


def swap(one, other):
    connection = connect()
    cursor = connection.cursor()
    cursor.execute("set deadlock_timeout = '1h'")
    take(cursor, one)
    time.sleep(1)
    take(cursor, other)
    connection.commit()


def key():
    connect().cursor().execute("select pg_advisory_lock(4711)")  # hang: key


def table():
    connect().cursor().execute("alter table account add owner int")  # hang: table


pages = {
    "/report": report, "/pay": pay, "/forget": forget, "/twice": twice, "/key": key, "/table": table,
    "/swap": lambda: swap(3, 4), "/back": lambda: swap(4, 3),
}


def app(environ, start_response):
    pages.get(environ["PATH_INFO"], lambda: None)()
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"ok\n"]
