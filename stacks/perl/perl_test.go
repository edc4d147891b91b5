package perl

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/hangtime-dev/hangtime/kernel/memory"
	"github.com/hangtime-dev/hangtime/stacks"
)

func process(pid int) stacks.Process {
	return stacks.Process{Proc: "/proc", PID: pid,
		Memory: func(address uint64, into []byte) error { return memory.Read(pid, address, into) }}
}

// look is what a process does; nil where it has not come so far that this can be read.
func look(pid int) []stacks.Work {
	r, err := Open(process(pid))
	if err != nil {
		return nil
	}
	works, err := r.Look()
	if err != nil {
		return nil
	}
	return works
}

// interpreter is the Perl that is tried: the system's, or for a try by hand the one that the environment names.
func interpreter() string {
	if other := os.Getenv("HANGTIME_TEST_PERL"); other != "" {
		return other
	}
	return "perl"
}

// start runs a program of Perl in the folder of a test, which ends with the test.
func start(t *testing.T, dir, name, script string, args ...string) int {
	t.Helper()
	file := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(script), 0o600); err != nil {
		t.Fatal(err)
	}
	return run(t, append([]string{interpreter(), file}, args...)...)
}

// run starts a program, which ends with the test and with all that it started.
func run(t *testing.T, args ...string) int {
	t.Helper()
	command := exec.Command(args[0], args[1:]...)
	command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
	command.Stderr = os.Stderr
	in, err := command.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	pid := command.Process.Pid
	t.Cleanup(func() {
		_ = in.Close()
		_ = syscall.Kill(-pid, syscall.SIGKILL)
		_ = command.Wait()
	})
	return pid
}

// until polls for a condition.
func until(t *testing.T, true func() bool, what string, args ...any) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(20 * time.Second); !true(); <-tick.C {
		if time.Now().After(end) {
			t.Fatalf("waited 20 s for "+what, args...)
		}
	}
}

// words are frames as they are compared: "pay shop.pl:3", "sleep".
func words(frames []stacks.Frame) (all []string) {
	for _, f := range frames {
		text := f.Function
		if f.File != "" {
			text += fmt.Sprintf(" %s:%d", filepath.Base(f.File), f.Line)
		}
		all = append(all, text)
	}
	return all
}

func TestFrames(t *testing.T) {
	for _, row := range []struct {
		name, script string
		want         []string
		on           string
	}{
		{"functions, methods and packages", `package Shop::Cart;
sub new { bless {}, shift }
sub pay {
    my ($self, $n) = @_;

    sleep $n;
}
package main;
sub checkout {
    Shop::Cart->new->pay(@_);
}
checkout(100);
`, []string{"sleep", "Shop::Cart::pay app.pl:6", "checkout app.pl:10", "{main} app.pl:12"}, "sleep"},
		{"a program by itself", "my $line = <STDIN>;\n", []string{"readline", "{main} app.pl:1"}, ""},
		{"a function without a name, in eval and in a loop", `my $wait = sub {
    for my $n (1 .. 3) {
        eval { sleep 100 };
    }
};
while (1) {
    if (1) { $wait->() }
}
`, []string{"sleep", "__ANON__ app.pl:3", "{main} app.pl:7"}, "sleep"},
		{"code in a text", "eval \"\\n\\nsleep 100;\";\n", []string{"sleep", "eval (eval 1):3", "{main} app.pl:1"}, "sleep"},
		{"lines of another file", "sub nap {\n# line 70 \"other.pl\"\n  sleep 100;\n}\nnap();\n",
			[]string{"sleep", "nap other.pl:70", "{main} other.pl:72"}, "sleep"},
		{"a function that sort calls", `sub later { sleep 100; $a <=> $b }
my @sorted = sort later 2, 1;
`, []string{"sleep", "later app.pl:1", "{main} app.pl:2"}, "sleep"},
		{"a destructor, which Perl calls in a list of its own", `package Guard;
sub DESTROY { sleep 100 }
package main;
sub work {
    my $guard = bless [], 'Guard';
    undef $guard;
}
work();
`, []string{"sleep", "Guard::DESTROY app.pl:2", "work app.pl:6", "{main} app.pl:8"}, "sleep"},
		{"a value that is tied", `package Slow;
sub TIESCALAR { bless [], shift }
sub FETCH { sleep 100 }
package main;
tie my $slow, 'Slow';
my $value = $slow;
`, []string{"sleep", "Slow::FETCH app.pl:3", "{main} app.pl:6"}, "sleep"},
		{"a search that goes back again and again", `sub check {
    my $text = shift;
    return $text =~ /^(a+)+\d?\1z/;
}
check("a" x 40);
`, []string{"match", "check app.pl:3", "{main} app.pl:5"}, ""},
		{"a lock of a file", `my $exclusive = 2;
open my $one, '>', $ARGV[0] or die;
open my $two, '>', $ARGV[0] or die;
flock $one, $exclusive;
flock $two, $exclusive;
`, []string{"flock", "{main} app.pl:5"}, "lock"},
		{"a process that it started", "system 'sleep', '100';\n", []string{"system", "{main} app.pl:1"}, "child"},
		{"a module of its own, while it is loaded", `use lib $ENV{PERL_TEST_LIB};
require Stock;
`, []string{"sleep", "Stock::fill Stock.pm:2", "require Stock.pm:3", "{main} app.pl:2"}, "sleep"},
		{"calls deeper than are told", `sub down {
    my $n = shift;
    sleep 100 unless $n;
    return down($n - 1);
}
no warnings;
down(3000);
`, nil, "sleep"},
	} {
		t.Run(row.name, func(t *testing.T) {
			dir := t.TempDir()
			t.Setenv("PERL_TEST_LIB", dir)
			module := "package Stock;\nsub fill { sleep 100 }\nfill();\n1;\n"
			if err := os.WriteFile(filepath.Join(dir, "Stock.pm"), []byte(module), 0o600); err != nil {
				t.Fatal(err)
			}
			pid := start(t, dir, "app.pl", row.script, filepath.Join(dir, "lock"))
			var got stacks.Work
			if row.want == nil { // the deep one
				until(t, func() bool {
					works := look(pid)
					return len(works) == 1 && len(works[0].Frames) == maxFrames+maxOuter+1 && works[0].Frames[0].Function == "sleep"
				}, "so many calls")
				got = look(pid)[0]
				for i, f := range got.Frames[1:] {
					want := 4
					switch {
					case i == 0:
						want = 3
					case i == maxFrames+maxOuter-1:
						want = 7
					}
					if f.Line != want {
						t.Errorf("call %d of %d is at line %d, want %d", i, len(got.Frames)-1, f.Line, want)
					}
				}
			}
			until(t, func() bool {
				works := look(pid)
				if len(works) != 1 {
					return false
				}
				got = works[0]
				return row.want == nil || slices.Equal(words(got.Frames), row.want)
			}, "%v; it is at %s", row.want, text(func() []string { return words(got.Frames) }))
			if got.Wait.On != row.on || got.TID != pid || got.Idle || got.Pool || !got.Script {
				t.Errorf("%+v", got)
			}
		})
	}
}

// text is told only when a test has failed.
type text func() []string

func (t text) String() string { return strings.Join(t(), ", ") }

func TestAProcessWithoutPerl(t *testing.T) {
	if _, err := Open(process(os.Getpid())); !errors.Is(err, stacks.ErrNone) {
		t.Errorf("Perl in a program of Go: %v", err)
	}
}
