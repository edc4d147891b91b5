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
    my $line    = <$auditor>;    # hang: audit
}

sub check {
    my $name = 'a' x 60;
    return $name =~ /^(a+)+\d?\1z/;    # hang: check
}

sub {
    my $env = shift;
    count() if $env->{PATH_INFO} eq '/count';
    audit() if $env->{PATH_INFO} eq '/audit';
    check() if $env->{PATH_INFO} eq '/check';
    select undef, undef, undef, 2.5 if $env->{PATH_INFO} eq '/slow';
    return [200, ['Content-Type', 'text/plain'], ["ok\n"]];
}
