"""Moves money in a MariaDB."""
import os
import time

import pymysql


def connect():
    return pymysql.connect(host="127.0.0.1", port=int(os.environ["MARIADB"]), user="root", database="shop")


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


def key():
    connect().cursor().execute("select get_lock('stock', 300)")  # hang: key


pages = {"/report": report, "/pay": pay, "/key": key}


def app(environ, start_response):
    pages.get(environ["PATH_INFO"], lambda: None)()
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"ok\n"]
