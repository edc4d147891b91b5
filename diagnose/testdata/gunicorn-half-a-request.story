    2.079 worker 1 (pid 26183) well
    2.379 worker 1 (pid 26183) suspect
    3.181 worker 1 (pid 26183) hung
    3.980 worker 1 (pid 26183) well
    5.578 worker 1 (pid 26183) suspect
    6.280 worker 1 (pid 26183) hung

#1 hang by slow-client (proven): its main thread is in recvfrom on the connection of a client (127.0.0.1:38120); 40 connections wait behind it, in SocketUnreader.chunk (gunicorn/http/unreader.py:64)
    2.131 worker 1 (pid 26183) stood still from here on, by the evidence
    2.379 first suspicion: work present, no progress
    3.181 certain: its main thread is in recvfrom on the connection of a client (127.0.0.1:38120); 40 connections wait behind it, in SocketUnreader.chunk (gunicorn/http/unreader.py:64) (proven)
    3.980 worker 1 (pid 26183) after 1.8 s: recovered
    4.081 over: every worker makes progress again
          1 request was inside a worker that stood still or died

#2 hang by slow-client (proven): its main thread is in recvfrom on the connection of a client (127.0.0.1:55892); 32 connections wait behind it, in SocketUnreader.chunk (gunicorn/http/unreader.py:64)
    5.205 worker 1 (pid 26183) stood still from here on, by the evidence
    5.578 first suspicion: work present, no progress
    6.280 certain: its main thread is in recvfrom on the connection of a client (127.0.0.1:55892); 32 connections wait behind it, in SocketUnreader.chunk (gunicorn/http/unreader.py:64) (proven)
   17.353 still going on; the longest stall so far is 12.1 s
          1 request was inside a worker that stood still or died
