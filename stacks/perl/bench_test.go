//go:build bench

package perl

import (
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// trials is how many programs are made, of the kinds by turns; looks how often each is read.
const (
	trials = 40
	looks  = 50
)

// A wait is a way to stand still, or to compute, at one line of Perl.
type kindOfWait struct{ name, line, operation string }

func kindsOfWait() []kindOfWait {
	return []kindOfWait{
		{"sleep", "sleep 1000;", "sleep"},
		{"lock of a file", "flock $second, Fcntl::LOCK_EX();", "flock"},
		{"answer of a server", "my $answer = <$upstream>;", "readline"},
		{"search in a text", "my $is = ('a' x 60) =~ /^(a+)+\\d?\\1z/;", "match"},
		{"computes", "my $n = 0; while (1) { $n += sqrt $n + 1 }", ""},
		{"child", "system 'sleep', '1000';", "system"},
		{"select", "select undef, undef, undef, 1000;", "sselect"},
		{"module in C", "Time::HiRes::nanosleep(1e12);", ""},
	}
}

// program is one that comes to its wait through functions, methods, evals and loops by chance; it returns what its calls
// are then, innermost first.
func program(chance *rand.Rand, kind kindOfWait, port int, folder string) (text string, calls []string) {
	lines := []string{"use strict; use warnings; no warnings 'recursion';", "use Fcntl ':flock'; use IO::Socket::INET; use Time::HiRes ();",
		fmt.Sprintf("our $upstream = IO::Socket::INET->new('127.0.0.1:%d') or die;", port),
		fmt.Sprintf("open our $first, '>', '%s/lock' or die; flock $first, Fcntl::LOCK_EX(); open our $second, '>', '%s/lock' or die;", folder, folder)}
	pad := func() {
		for range chance.IntN(20) {
			lines = append(lines, []string{"", "# nothing", "my $unused" + fmt.Sprint(len(lines)) + " = 1;"}[chance.IntN(3)])
		}
	}
	depth := 1 + chance.IntN(12)
	call := kind.line
	for i := range depth {
		pad()
		name, pack := fmt.Sprintf("step%d", i), "main"
		if chance.IntN(2) == 0 {
			pack = []string{"Shop", "Shop::Cart", "A::B::C"}[chance.IntN(3)]
		}
		lines = append(lines, "package "+pack+";", "sub "+name+" {", "    my @args = @_;")
		pad()
		full := "::" + name
		if pack != "main" {
			full = pack + full
		}
		switch chance.IntN(4) {
		case 0:
			lines = append(lines, "    for my $n (1 .. 3) {", "        "+call, "    }")
			calls = append(calls, fmt.Sprintf("%s app.pl:%d", strings.TrimPrefix(full, "::"), len(lines)-1))
		case 1:
			lines = append(lines, "    eval {", "        "+call, "        1;", "    } or die $@;")
			calls = append(calls, fmt.Sprintf("%s app.pl:%d", strings.TrimPrefix(full, "::"), len(lines)-2))
		default:
			lines = append(lines, "    "+call)
			calls = append(calls, fmt.Sprintf("%s app.pl:%d", strings.TrimPrefix(full, "::"), len(lines)))
		}
		lines = append(lines, "    return;", "}")
		call = full + "(" + fmt.Sprint(i) + ");"
		if strings.HasPrefix(call, "::") {
			call = "main" + call
		}
	}
	lines = append(lines, "package main;")
	pad()
	lines = append(lines, call)
	return strings.Join(lines, "\n") + "\n", append(calls, fmt.Sprintf("{main} app.pl:%d", len(lines)))
}

func TestTrials(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	chance := rand.New(rand.NewPCG(1, 2))
	var costs []time.Duration
	right, all, wrong := 0, 0, 0
	for i := range trials {
		kind := kindsOfWait()[i%len(kindsOfWait())]
		dir := t.TempDir()
		script, want := program(chance, kind, listener.Addr().(*net.TCPAddr).Port, dir)
		if kind.operation != "" {
			want = append([]string{kind.operation}, want...)
		}
		pid := start(t, dir, "app.pl", script)
		reached := false
		for end := time.Now().Add(10 * time.Second); time.Now().Before(end) && !reached; time.Sleep(10 * time.Millisecond) {
			works := look(pid)
			reached = len(works) == 1 && slices.Equal(words(works[0].Frames), want)
		}
		all++
		if !reached {
			t.Errorf("%s: want %q, told %q", kind.name, want, words(look(pid)[0].Frames))
			continue
		}
		right++
		r, err := Open(process(pid))
		if err != nil {
			t.Fatal(err)
		}
		for range looks {
			before := used()
			works, err := r.Look()
			costs = append(costs, used()-before)
			if err != nil || !slices.Equal(words(works[0].Frames), want) {
				wrong++
			}
		}
		_ = syscall.Kill(-pid, syscall.SIGKILL)
	}
	slices.Sort(costs)
	fmt.Printf("%d of %d programs told with every call and line; of %d further looks %d told otherwise\n", right, all, len(costs), wrong)
	fmt.Printf("a look takes p50 %v, p99 %v, at most %v of processor time\n", costs[len(costs)/2], costs[len(costs)*99/100], costs[len(costs)-1])
}

// used is the processor time of this process.
func used() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// A program that asks for the time all the time tells each gap of more than 0.5 ms, and how much of it it waited for a
// processor (schedstat), while it is read every 20 ms: those that a look falls into are what reading may have cost it. What
// the machine itself takes away falls anywhere.
func TestGaps(t *testing.T) {
	out := filepath.Join(t.TempDir(), "gaps")
	pid := start(t, t.TempDir(), "app.pl", fmt.Sprintf(`use Time::HiRes 'time';
open my $out, '>', '%s' or die; select $out; $| = 1;
open my $account, '<', '/proc/self/schedstat' or die;
sub waited { seek $account, 0, 0; my $line = <$account>; (split ' ', $line)[1] / 1e9 }
my ($last, $waited) = (time, waited());
my $asked = $last;
while (1) {
    my $now = time;
    if ($now - $last > 0.0005 || $now - $asked > 0.002) {
        my $is = waited();
        printf "%%.6f %%.6f %%.6f\n", $last, $now, $is - $waited if $now - $last > 0.0005;
        ($waited, $now) = ($is, time);
        $asked = $now;
    }
    $last = $now;
}
`, out))
	until(t, func() bool { return len(look(pid)) == 1 }, "the program")
	r, err := Open(process(pid))
	if err != nil {
		t.Fatal(err)
	}
	type span struct{ from, to float64 }
	now := func() float64 { return float64(time.Now().UnixMicro()) / 1e6 }
	var looks []span
	began, within := now(), 0.0
	for end := time.Now().Add(60 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		from := now()
		if _, err := r.Look(); err != nil {
			t.Fatal(err)
		}
		looks = append(looks, span{from, now()})
		within += now() - from
	}
	whole := now() - began
	text, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	var inside, outside []time.Duration
	chance := 0.0 // how many gaps would fall together with a look if neither had to do with the other
	for _, line := range strings.Split(strings.TrimSpace(string(text)), "\n") {
		var gap span
		var waited float64
		if _, err := fmt.Sscan(line, &gap.from, &gap.to, &waited); err != nil || gap.from < began {
			continue
		}
		own := time.Duration((gap.to - gap.from - waited) * 1e9)
		if own < 500*time.Microsecond {
			continue
		}
		chance += min(1, (gap.to-gap.from)*float64(len(looks))/whole+within/whole)
		if slices.ContainsFunc(looks, func(l span) bool { return l.from < gap.to && gap.from < l.to }) {
			inside = append(inside, own)
		} else {
			outside = append(outside, own)
		}
	}
	slices.Sort(inside)
	slices.Sort(outside)
	fmt.Printf("%d looks, which lasted %.1f %% of the time; gaps of over 0.5 ms beside waiting for a processor: %d during looks %v (by chance alone %.1f), %d else, the longest %v\n",
		len(looks), 100*within/whole, len(inside), inside, chance, len(outside), outside[max(0, len(outside)-5):])
}
