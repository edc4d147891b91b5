worker_processes 3
listen '127.0.0.1:@PORT@'
timeout 300
pid '@DIR@/unicorn.pid'
