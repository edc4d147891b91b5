"""Asks a settings service before it serves, and gets no answer."""
import os
import socket

settings = socket.create_connection(("127.0.0.1", int(os.environ["UPSTREAM"])))
settings.sendall(b"settings, please\n")
settings.recv(1)  # hang: settings


def app(*arguments):
    pass
