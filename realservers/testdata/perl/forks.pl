# A server that has a child for each connection. The comment hang: NAME is where.
use strict;
use warnings;
use IO::Socket::INET;

$SIG{CHLD} = 'IGNORE';
my $listener = IO::Socket::INET->new(LocalAddr => "127.0.0.1:$ENV{PORT}", Listen => 20, ReuseAddr => 1) or die;

sub again {
    until (-e "$ENV{DIR}/done") {
        sleep 1;    # hang: again
    }
}

sub answer {
    my $client = shift;
    my $asked  = <$client>;
    while (my $header = <$client>) { last if $header =~ /^\r?$/ }
    again() if $asked =~ m{ /again };
    print $client "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\nok\n";
}

while (1) {
    my $client = $listener->accept or next;
    my $child = fork // die;
    next if $child;
    close $listener;
    answer($client);
    exit;
}
