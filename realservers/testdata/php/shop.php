<?php // A shop whose pages wait for others. The comment hang: NAME is where.

function pay() {
    $call = curl_init('http://127.0.0.1:' . getenv('UPSTREAM') . '/pay');
    curl_setopt($call, CURLOPT_RETURNTRANSFER, true);
    curl_exec($call); // hang: pay
}

function thumbnail() {
    exec('sleep 3600'); // hang: thumbnail
}

function filter() {
    $program = proc_open(['cat'], [['pipe', 'r'], ['pipe', 'w']], $pipes);
    echo stream_get_contents($pipes[1]); // hang: filter
}

function withdraw() {
    $bank = pg_connect('host=127.0.0.1 user=shop dbname=postgres port=' . getenv('PGPORT'));
    pg_query($bank, 'update account set balance = balance - 1 where id = ' . getenv('ACCOUNT')); // hang: withdraw
}

function keep() {
    $archive = new SQLite3(getenv('DIR') . '/archive.sqlite');
    $archive->busyTimeout(300000);
    $archive->exec('insert into paper values (1)'); // hang: keep
}

function basket() {
    session_id('customer7');
    session_start(); // hang: basket
}

function report() {
    basket();
    fgets(fsockopen('127.0.0.1', (int) getenv('UPSTREAM')));
}

function quote() {
    fgets(fsockopen('127.0.0.1', (int) getenv('UPSTREAM')));
}

$page = trim(strtok($_SERVER['REQUEST_URI'], '?'), '/');
if (in_array($page, ['pay', 'thumbnail', 'filter', 'withdraw', 'keep', 'basket', 'report', 'quote'])) {
    $page();
}
echo "ok\n";
