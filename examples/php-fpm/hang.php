<?php
// Hangs in every way it is asked to: ?way=WAY. See README.md.
$way = $_GET['way'] ?? '';
if ($way !== '') {
    error_log("hang $way in pid " . getmypid());
}
switch ($way) {
    case 'sleep':
        sleep(3600);
        break;
    case 'flock':
        $log = fopen((getenv('HANG_DIR') ?: '/tmp') . '/app.log', 'a');
        flock($log, LOCK_EX);
        break;
    case 'upstream':
        $s = stream_socket_client('tcp://127.0.0.1:' . (int) $_GET['port']);
        stream_set_timeout($s, 3600);
        fwrite($s, "GET / HTTP/1.0\r\n\r\n");
        fread($s, 1);
        break;
    case 'spin':
        set_time_limit(0);
        for ($n = 0; ; $n++);
}
echo 'worker ', getmypid(), "\n";
