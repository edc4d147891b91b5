package perl

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/hangtime-dev/hangtime/stacks"
)

// freePort is one that nobody listens at.
func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// children are the processes that one has started.
func children(pid int) (all []int) {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid)) // none: it has ended
	for _, field := range strings.Fields(string(text)) {
		if n, err := strconv.Atoi(field); err == nil {
			all = append(all, n)
		}
	}
	return all
}

// ask sends a request as soon as somebody listens, and returns the port that it was sent from.
func ask(t *testing.T, port int, method, path string) int {
	t.Helper()
	var c net.Conn
	until(t, func() (is bool) {
		var err error
		c, err = net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		return err == nil
	}, "the server to listen")
	t.Cleanup(func() { _ = c.Close() })
	if _, err := fmt.Fprintf(c, "%s %s HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n", method, path); err != nil {
		t.Fatal(err)
	}
	return c.LocalAddr().(*net.TCPAddr).Port
}

// among waits until one of a server's processes does what is looked for.
func among(t *testing.T, server int, is func(stacks.Work) bool, what string) (found stacks.Work) {
	t.Helper()
	until(t, func() bool {
		for _, pid := range append(children(server), server) {
			if works := look(pid); len(works) == 1 && is(works[0]) {
				found = works[0]
				return true
			}
		}
		return false
	}, what)
	return found
}

func file(t *testing.T, dir, name, content string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

const shop = `use strict;
sub pay {
    sleep 100;
}
sub {
    my $env = shift;
    pay() if $env->{PATH_INFO} eq '/pay';
    return [200, ['Content-Type', 'text/plain'], ["ok\n"]];
}
`

func atSleep(w stacks.Work) bool { return len(w.Frames) > 0 && w.Frames[0].Function == "sleep" }

func TestStarman(t *testing.T) {
	port := freePort(t)
	server := run(t, "starman", "--listen", fmt.Sprintf("127.0.0.1:%d", port), "--workers", "2",
		file(t, t.TempDir(), "shop.psgi", shop))
	rests := func(w stacks.Work) bool { return w.TID != server && w.Idle }
	if w := among(t, server, rests, "a worker to be idle"); !w.Pool || w.Script || w.Request != (stacks.Request{}) {
		t.Errorf("at rest: %+v", w)
	}
	from := ask(t, port, "POST", "/pay?card=4711")
	w := among(t, server, atSleep, "a worker to sleep")
	got := words(w.Frames)
	if want := []string{"sleep", "pay shop.psgi:3", "__ANON__ shop.psgi:7"}; !slices.Equal(got[:min(3, len(got))], want) ||
		got[len(got)-1][:6] != "{main}" || slices.IndexFunc(w.Frames[3:], own) >= 0 {
		t.Errorf("frames: %q", got)
	}
	if want := (stacks.Request{Method: "POST", Path: "/pay", Query: "card=4711", Port: from}); w.Request != want ||
		w.Idle || !w.Pool || w.Script || w.Turn {
		t.Errorf("%+v, want the request %+v", w, want)
	}
	ask(t, port, "GET", "/ok") // and the connection stays open, with nothing asked for
	among(t, server, func(w stacks.Work) bool {
		return slices.ContainsFunc(w.Frames, func(f stacks.Frame) bool { return f.Function == "IO::Select::can_read" }) &&
			w.Request == stacks.Request{} && !w.Idle
	}, "a worker to have answered, and to work on nothing")
}

func own(f stacks.Frame) bool { return !f.Library }

// A server at two ports has its workers take turns by a lock: who waits for it waits for work.
func TestWorkersThatTakeTurns(t *testing.T) {
	one, two := freePort(t), freePort(t)
	server := run(t, "starman", "--listen", fmt.Sprintf("127.0.0.1:%d", one), "--listen", fmt.Sprintf("127.0.0.1:%d", two),
		"--workers", "2", file(t, t.TempDir(), "shop.psgi", shop))
	waits := func(w stacks.Work) bool { return len(w.Frames) > 0 && w.Frames[0].Function == "flock" }
	if w := among(t, server, waits, "a worker to wait for its turn"); !w.Idle {
		t.Errorf("%+v", w)
	}
}

func TestHypnotoad(t *testing.T) {
	port, dir := freePort(t), t.TempDir()
	server := run(t, "hypnotoad", "-f", file(t, dir, "scan.pl", fmt.Sprintf(`use Mojolicious::Lite -signatures;
app->config(hypnotoad => { listen => ['http://127.0.0.1:%d'], workers => 2, spare => 0, pid_file => '%s/pid' });
get '/ok' => sub ($c) { $c->render(text => "ok\n") };
get '/scan/#name' => sub ($c) {
    sleep 100;
};
app->start;
`, port, dir)))
	rests := func(w stacks.Work) bool { return w.TID != server && w.Idle }
	if w := among(t, server, rests, "a worker to be idle"); len(w.Frames) != 0 || w.Pool || w.Turn {
		t.Errorf("at rest: %+v", w)
	}
	from := ask(t, port, "GET", "/scan/a.b?page=3")
	w := among(t, server, atSleep, "a worker to sleep")
	if got := words(w.Frames); got[1] != "__ANON__ scan.pl:5" || slices.IndexFunc(w.Frames[2:], own) >= 0 {
		t.Errorf("frames: %q", got)
	}
	if want := (stacks.Request{Method: "GET", Path: "/scan/a.b", Query: "page=3", Port: from}); w.Request != want ||
		w.Idle || w.Pool || w.Script || !w.Turn {
		t.Errorf("%+v, want the request %+v", w, want)
	}
}

func TestAServerThatForks(t *testing.T) {
	port := freePort(t)
	server := start(t, t.TempDir(), "server.pl", fmt.Sprintf(`use IO::Socket::INET;
my $listener = IO::Socket::INET->new(LocalAddr => '127.0.0.1:%d', Listen => 5, ReuseAddr => 1) or die;
sub serve {
    my $client = shift;
    my $first = <$client>;
    sleep 100 if $first =~ m{/slow};
    print $client "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
}
while (my $client = $listener->accept) {
    next if fork;
    serve($client);
    exit;
}
`, port))
	among(t, server, func(w stacks.Work) bool { return w.TID == server && w.Idle }, "the server to wait for a connection")
	ask(t, port, "GET", "/slow")
	w := among(t, server, atSleep, "a child to sleep")
	if got := words(w.Frames); !slices.Equal(got, []string{"sleep", "serve server.pl:6", "{main} server.pl:11"}) || w.Idle {
		t.Errorf("frames: %q, %+v", got, w)
	}
}
