package perl

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"syscall"
	"testing"
	"time"

	"github.com/hangtime-dev/hangtime/kernel/memory"
	"github.com/hangtime-dev/hangtime/stacks"
)

func TestALookIsCheap(t *testing.T) {
	script := ""
	for i := range 200 {
		script += "sub f" + string(rune('a'+i/26)) + string(rune('a'+i%26)) + " { my $n = shift; "
		if i == 199 {
			script += "sleep 100 }\n"
			break
		}
		script += "f" + string(rune('a'+(i+1)/26)) + string(rune('a'+(i+1)%26)) + "($n) }\n"
	}
	pid := start(t, t.TempDir(), "app.pl", script+"faa(1);\n")
	until(t, func() bool { w := look(pid); return len(w) == 1 && len(w[0].Frames) == maxFrames+maxOuter+1 }, "so many functions")
	r, err := Open(process(pid))
	if err != nil {
		t.Fatal(err)
	}
	var before, after syscall.Rusage
	const looks = 50
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &before)
	for range looks {
		if w, err := r.Look(); err != nil || len(w[0].Frames) != maxFrames+maxOuter+1 {
			t.Fatal(w, err)
		}
	}
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &after)
	cost := time.Duration(after.Utime.Nano()+after.Stime.Nano()-before.Utime.Nano()-before.Stime.Nano()) / looks
	t.Logf("a look at %d calls takes %v of processor time", maxFrames+maxOuter, cost)
	if cost > 10*time.Millisecond {
		t.Errorf("a look takes %v of processor time, more than 10 ms", cost)
	}
}

// FuzzLook reads memory in which everything is chance: addresses lead to other addresses of it, or to nothing.
func FuzzLook(f *testing.F) {
	for seed := range uint64(20) {
		f.Add(seed, byte(seed*13))
	}
	f.Fuzz(func(t *testing.T, seed uint64, holes byte) {
		const base = 0x100000
		chance := rand.New(rand.NewPCG(seed, 1))
		content := make([]byte, 64<<10)
		for i := 0; i+8 <= len(content); i += 8 {
			word := chance.Uint64()
			switch chance.IntN(4) {
			case 0, 1:
				word = base + word%uint64(len(content))
			case 2:
				word %= 300
			}
			binary.NativeEndian.PutUint64(content[i:], word)
		}
		reads := 0
		read := func(address uint64, into []byte) error {
			reads++
			if address < base || address+uint64(len(into)) > base+uint64(len(content)) || byte(address>>8) < holes/2 {
				return errors.New("not mapped")
			}
			copy(into, content[address-base:])
			return nil
		}
		for _, version := range []string{"5.32.1", "5.36.0", "5.40.0"} {
			l, _ := layouts(version)
			l.threads = seed%2 == 0
			r := &reader{pid: 1, memory: read, layout: l, names: map[int]string{1: "nextstate"}, opNames: base + 8*(seed%911),
				at: variables{op: base + 8*(seed%1000), statement: base + 8*(seed%997), calls: base + 8*(seed%991),
					first: base, last: base + 4096}}
			works, err := r.Look()
			if err == nil && len(works) != 1 {
				t.Errorf("%d things at once", len(works))
			}
			for _, w := range works {
				if len(w.Frames) > maxFrames+maxOuter+2 {
					t.Errorf("%d calls", len(w.Frames))
				}
			}
			view := r.view()
			_ = request(view, l, []call{{function: "Plack::Util::run_app", code: base + 8*(seed%983), depth: int(seed % 3)},
				{function: "Mojolicious::dispatch", code: base + 8*(seed%977), depth: 1}})
			_ = asked(view, valueAt(view, base+8*(seed%967)))
			_ = askedMojo(view, valueAt(view, base+8*(seed%953)))
			_ = r.sound(view)
			_ = findVersion(view, base+8*(seed%947), 3768)
		}
		if reads > 3*2*maxReads {
			t.Errorf("%d reads", reads)
		}
	})
}

// What is torn while it is read is left out: a program that calls and returns all the time is read again and again.
func TestAProgramThatCallsAllTheTime(t *testing.T) {
	pid := start(t, t.TempDir(), "app.pl", `sub two { my $n = shift; return $n + 1 }
sub one {
    return two(shift) + two(2);
}
while (1) {
    one(1);
}
`)
	until(t, func() bool { w := look(pid); return len(w) == 1 && len(w[0].Frames) > 1 }, "the program to call")
	r, err := Open(process(pid))
	if err != nil {
		t.Fatal(err)
	}
	inside := map[string]int{}
	const looks = 2000
	for range looks {
		works, err := r.Look()
		if err != nil {
			t.Fatal(err)
		}
		for i, f := range works[0].Frames {
			if f.Line < 1 || f.Line > 7 || f.File[len(f.File)-6:] != "app.pl" || i > 2 {
				t.Fatalf("frames: %q", words(works[0].Frames))
			}
			inside[f.Function]++
		}
	}
	if inside["one"] < looks/10 || inside["two"] < looks/10 || inside["{main}"] < looks/2 {
		t.Errorf("of %d looks: %v", looks, inside)
	}
}

// A look reads no more than it may, however much there is.
func TestTheBudgetIsKept(t *testing.T) {
	pid := start(t, t.TempDir(), "app.pl", "sub f { f($_[0] - 1) if $_[0]; sleep 100 } no warnings; f(200000);\n")
	until(t, func() bool { w := look(pid); return len(w) == 1 && len(w[0].Frames) > maxFrames }, "the calls")
	reads := 0
	p := stacks.Process{Proc: "/proc", PID: pid, Memory: func(address uint64, into []byte) error {
		reads++
		return memory.Read(pid, address, into)
	}}
	r, err := Open(p)
	if err != nil {
		t.Fatal(err)
	}
	reads = 0
	if _, err := r.Look(); err != nil || reads > maxReads {
		t.Errorf("%d reads (%v)", reads, err)
	}
}

// Where calls are so many that some are left out, each that is told is told with its own line.
func TestCallsThatAreLeftOut(t *testing.T) {
	for _, depth := range []int{300, 301} {
		pid := start(t, t.TempDir(), "app.pl", fmt.Sprintf(`no warnings;
sub even { my $n = shift; sleep 100 unless $n; for (1) { for (1) { for (1) { for (1) {
    odd($n - 1);
} } } } }
sub odd { my $n = shift; sleep 100 unless $n; for (1) { for (1) { for (1) { for (1) {
    even($n - 1);
} } } } }
even(%d);
`, depth))
		var all []stacks.Frame
		until(t, func() bool {
			if w := look(pid); len(w) == 1 {
				all = w[0].Frames
			}
			return len(all) > 90 && all[0].Function == "sleep"
		}, "the calls")
		if len(all) < maxInner/5+maxFirst/5 {
			t.Errorf("%d calls are told", len(all))
		}
		for _, f := range all[2 : len(all)-1] {
			if want := map[string]int{"even": 3, "odd": 6}[f.Function]; f.Line != want {
				t.Errorf("of %d calls: %s is said to be at line %d", depth, f.Function, f.Line)
			}
		}
	}
}
