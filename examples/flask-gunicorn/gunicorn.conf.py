# The guide's configuration. preload_app is left out on purpose: with it the event loop's thread is started before the fork and does not exist in the workers.
bind = "127.0.0.1:8000"
workers = 4
worker_class = "sync"
timeout = 30
keepalive = 2
max_requests = 1000
max_requests_jitter = 100
