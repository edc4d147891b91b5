workers @WORKERS@
threads @THREADS@, @THREADS@
bind 'tcp://127.0.0.1:@PORT@'
environment 'production'
worker_timeout 300
worker_boot_timeout 300
