"""A converter of documents, which has its work done by other programs and processes."""
import multiprocessing
import os
import pdb
import signal
import subprocess
import sys
import threading
import time

asks = ["sh", "-c", "exec sleep 3600"]  # it waits for a password that nobody types
talks = [sys.executable, "-c", "import sys; sys.stdout.write('.' * 300_000)"]
warns = [sys.executable, "-c", "import sys; sys.stderr.write('.' * 300_000); print('done')"]


def convert():
    subprocess.run(asks, capture_output=True)  # hang: convert


def print_out():
    subprocess.call(asks)  # hang: print_out


def export():
    # It waits for the end of a program that waits for someone to read what it writes.
    subprocess.Popen(talks, stdout=subprocess.PIPE).wait()  # hang: export


def scan():
    # It reads the one pipe while the program has filled the other.
    program = subprocess.Popen(warns, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    program.stdout.read()  # hang: scan


def review():
    return pdb.set_trace()  # hang: review


def page(number):
    if number == 1:
        os.kill(os.getpid(), signal.SIGKILL)  # as the kernel does for want of memory
    time.sleep(0.02)
    return number


def book():
    with multiprocessing.get_context("fork").Pool(2) as pool:
        pool.map(page, range(4), 1)  # hang: book


folder = threading.Lock()


def files():
    with folder:
        time.sleep(3600)


def archive():
    # The child has the lock as it was at the fork: taken, by a thread that it does not have.
    threading.Thread(target=files, daemon=True).start()
    while not folder.locked():
        time.sleep(0.01)
    child = os.fork()
    if child == 0:
        with folder:  # hang: archive
            os._exit(0)
    os.waitpid(child, 0)


def app(environ, start_response):
    work = {"/convert": convert, "/print": print_out, "/export": export, "/scan": scan, "/review": review, "/book": book,
            "/archive": archive}
    work.get(environ["PATH_INFO"], lambda: None)()
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"ok\n"]
