"""Jobs of an RQ queue."""
import os
import socket


def fetch():
    with socket.create_connection(("127.0.0.1", int(os.environ["UPSTREAM"]))) as feed:
        feed.sendall(b"next\n")
        print("the feed was asked", flush=True)
        feed.recv(100)  # hang: fetch
