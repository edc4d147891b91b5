"""Begins to write in the archive, and stays at it."""
import os
import sqlite3
import time

connection = sqlite3.connect(os.environ["DIR"] + "/archive.sqlite", isolation_level=None)
connection.execute("create table paper (n)")
connection.execute("begin immediate")
print("writing", flush=True)
time.sleep(3600)
