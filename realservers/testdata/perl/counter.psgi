# Counts visitors in a file under flock. The comment hang: NAME is where.
use strict;
use warnings;
use Fcntl ':flock';
use IO::Socket::INET;

sub count {
    open my $file, '>>', "$ENV{DIR}/visitors" or die;
    flock $file, LOCK_EX;    # hang: count
    print $file "1\n";
}

sub audit {
    open my $file, '>>', "$ENV{DIR}/visitors" or die;
    flock $file, LOCK_EX;
    my $auditor = IO::Socket::INET->new("127.0.0.1:$ENV{UPSTREAM}") or die;
    my $line    = <$auditor>;
}

sub {
    my $env = shift;
    count() if $env->{PATH_INFO} eq '/count';
    audit() if $env->{PATH_INFO} eq '/audit';
    return [200, ['Content-Type', 'text/plain'], ["ok\n"]];
}
