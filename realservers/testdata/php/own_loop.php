<?php
// A worker by its own loop: it takes jobs from a list of Redis.
$redis = new Redis;
$redis->connect('127.0.0.1', (int) getenv('REDIS'));
$redis->setOption(Redis::OPT_READ_TIMEOUT, -1);
echo "ready\n";
while (true) {
    [, $job] = $redis->blPop(['jobs'], 0);
    echo "$job\n";
}
