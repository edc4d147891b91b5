#!/usr/bin/perl
# A handler that blocks the loop of its worker, which its manager would kill after a minute.
use Mojolicious::Lite -signatures;

app->config(hypnotoad => {
    listen   => ["http://127.0.0.1:$ENV{PORT}"], workers => 2, spare => 0, pid_file => "$ENV{DIR}/hypnotoad.pid",
    heartbeat_timeout => 60, heartbeat_interval => 1, graceful_timeout => 4,
});

get '/ok' => sub ($c) { $c->render(text => "ok\n") };
get '/scan' => sub ($c) {
    open my $scanner, '-|', 'sleep', '3600' or die;
    my $page = <$scanner>;    # hang: scan
    $c->render(text => $page);
};
app->start;
