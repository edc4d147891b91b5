"""A server that is one process: it asks its payment provider at /pay. What else there is of processes its first argument says: a pool
that was forked or spawned, programs that it started in the background, or workers that are forked when all is loaded."""
import http.server
import multiprocessing
import os
import socket
import sys
import time

PORT = int(sys.argv[2])


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/pay":
            with socket.create_connection(("127.0.0.1", int(os.environ["UPSTREAM"]))) as provider:
                provider.recv(1)  # hang: pay
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"ok\n")

    def log_message(self, *args):
        pass


def main():
    server = http.server.HTTPServer(("127.0.0.1", PORT), Handler)
    if sys.argv[1] in ("fork", "spawn"):
        pool = multiprocessing.get_context(sys.argv[1]).Pool(3)
        print(pool.map(abs, [-1, -2, -3]), flush=True)
    elif sys.argv[1] == "program":
        os.set_inheritable(server.fileno(), True)
        if os.fork() == 0:
            os.execvp("sleep", ["sleep", "600"])
    elif sys.argv[1] == "late":
        time.sleep(2)  # it loads
        for _ in range(3):
            if os.fork() == 0:
                break
        else:
            while True:
                os.wait()
    elif sys.argv[1] == "beside":
        for _ in range(2):
            if os.fork() == 0:
                break
    print("ready", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
