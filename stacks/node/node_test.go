package node

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/hangtime-dev/hangtime/kernel/memory"
	"github.com/hangtime-dev/hangtime/kernel/perf"
	"github.com/hangtime-dev/hangtime/stacks"
)

func process(pid int) stacks.Process {
	return stacks.Process{Proc: "/proc", PID: pid,
		Memory: func(address uint64, into []byte) error { return memory.Read(pid, address, into) }}
}

// interpreted are flags with which V8 compiles nothing.
var interpreted = []string{"--no-use-osr", "--no-sparkplug", "--no-opt"}

// start starts the distribution's node with flags of V8 and a case of app.js; it and all that it started end with the test.
func start(t *testing.T, flags []string, args ...string) (pid int) {
	t.Helper()
	return startNode(t, "node", flags, args...)
}

func startNode(t *testing.T, program string, flags []string, args ...string) (pid int) {
	t.Helper()
	command := exec.Command(program, slices.Concat(flags, []string{filepath.Join("testdata", "app.js")}, args)...)
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	said := &bytes.Buffer{}
	command.Stdout, command.Stderr = said, said
	command.WaitDelay = time.Second // a child of the child's may have its output still
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	pid = command.Process.Pid
	t.Cleanup(func() {
		_ = syscall.Kill(-pid, syscall.SIGKILL)
		_ = command.Wait()
		if t.Failed() {
			t.Logf("node said: %s", said)
		}
	})
	return pid
}

// until looks at a process until a condition holds.
func until(t *testing.T, p stacks.Process, true func(stacks.Work) bool) (found stacks.Work) {
	t.Helper()
	var r stacks.Reader
	var err error
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(30 * time.Second); ; <-tick.C {
		if r == nil {
			r, err = Open(p)
		}
		if r != nil {
			var all []stacks.Work
			if all, err = r.Look(); err == nil {
				if found = all[0]; len(all) == 1 && true(found) {
					return found
				}
			}
		}
		if time.Now().After(end) {
			t.Fatalf("waited 30 s; last seen: %+v, %v", found, err)
		}
	}
}

// A frame is what is compared of one: of Node.js's own files no line, which is another in each version.
type frame struct {
	function, file string
	line           int
	library        bool
}

func framesOf(w stacks.Work) (all []frame) {
	for _, f := range w.Frames {
		if f.Library {
			f.Line = 0
		}
		all = append(all, frame{f.Function, filepath.Base(f.File), f.Line, f.Library})
	}
	return all
}

func TestWhatBlocksTheEventLoop(t *testing.T) {
	fifo := filepath.Join(t.TempDir(), "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	wait := []frame{{"wait", ".", 0, true}, {"block", "app.js", 8, false}}
	for name, want := range map[string]struct {
		frames []frame // in this order, with others between those of libraries
		on     string
	}{
		"wait": {frames: append(slices.Clone(wait), frame{"wait", "app.js", 13, false}), on: "event"},
		"child": {frames: []frame{{"spawnSync", "child_process", 0, true},
			{"execSync", "node:child_process", 0, true}, {"child", "app.js", 14, false}}, on: "child"},
		"regexp":    {frames: []frame{{"test", ".", 0, true}, {"regexp", "app.js", 15, false}}},
		"compiled":  {frames: []frame{{"test", ".", 0, true}, {"compiled", "app.js", 18, false}}},
		"recursion": {frames: []frame{{"fib", "app.js", 5, false}, {"recursion", "app.js", 21, false}}},
		"compare":   {frames: []frame{{"sort", ".", 0, true}, {"compare", "app.js", 25, false}}},
		"crypto":    {frames: []frame{{"pbkdf2Sync", "pbkdf2", 0, true}, {"crypto", "app.js", 27, false}}},
		"fifo": {frames: []frame{{"openSync", "node:fs", 0, true}, {"readFileSync", "node:fs", 0, true},
			{"fifo", "app.js", 28, false}}},
		"nested": {frames: append(slices.Clone(wait), frame{"(anonymous)", "inside.js", 3, false},
			frame{"runInThisContext", "node:vm", 0, true}, frame{"nested", "app.js", 31, false}), on: "event"},
		"anonymous": {frames: append(slices.Clone(wait), frame{"(anonymous)", "app.js", 33, false},
			frame{"forEach", ".", 0, true}, frame{"anonymous", "app.js", 33, false}), on: "event"},
	} {
		t.Run(name, func(t *testing.T) {
			pid := start(t, interpreted, name, fifo)
			want.frames = append(want.frames, frame{"begin", "app.js", 76, false},
				frame{"processImmediate", "timers", 0, true})
			var missing frame
			w := until(t, process(pid), func(w stacks.Work) bool {
				got := framesOf(w)
				for _, missing = range want.frames {
					at := slices.Index(got, missing)
					if at < 0 {
						return false
					}
					got = got[at+1:]
				}
				return true
			})
			if w.Idle || w.TID != pid || w.Wait.On != want.on {
				t.Errorf("idle %v, thread %d of process %d, waits for %q, want %q", w.Idle, w.TID, pid, w.Wait.On, want.on)
			}
			if !w.Script {
				t.Errorf("it is not in the program's own course: %+v", w.Frames)
			}
			for _, f := range framesOf(w) {
				if !f.library && !slices.Contains(want.frames, f) && (f.function != "fib" && f.function != "(anonymous)") {
					t.Errorf("%+v is none that it is in", f)
				}
			}
		})
	}
}

// TestTheLineOfCompiledCode: V8 compiles what is called often, or loops for long, in two steps.
func TestTheLineOfCompiledCode(t *testing.T) {
	for name, row := range map[string]struct {
		function  string
		low, high int
		waits     bool // what it calls shows where it is, also to whom no registers are shown
	}{
		"loop":   {"loop", 47, 49, false},
		"clock":  {"clock", 54, 55, false},
		"called": {"often", 61, 61, true},
		"within": {"within", 68, 71, false},
		"wait":   {"wait", 13, 13, true},
	} {
		for compiler, flags := range map[string][]string{"baseline": baseline, "both": nil} {
			t.Run(name+" "+compiler, func(t *testing.T) {
				tellsLine(t, startNode(t, "node", flags, name), compiler == "both", row.waits, row.function, row.low, row.high)
			})
		}
	}
}

// baseline are flags with which V8 compiles everything at once, and nothing a second time.
var baseline = []string{"--always-sparkplug", "--no-opt"}

// tellsLine waits until a function is told to be in some of its lines: of one that is compiled twice not before that has
// happened. waits says that what it calls shows where it is, also to whom the kernel shows no registers.
func tellsLine(t *testing.T, pid int, twice, waits bool, function string, low, high int) {
	t.Helper()
	p := process(pid)
	shown := true
	p.Where = func(tid int) (perf.Sample, error) {
		s, err := perf.Take(tid, 20*time.Millisecond)
		shown = shown && (err == nil || errors.Is(err, perf.ErrAsleep))
		return s, err
	}
	begin := time.Now()
	until(t, p, func(w stacks.Work) bool {
		if twice && time.Since(begin) < time.Second { // by then it is compiled
			return false
		}
		return !shown && !waits || slices.ContainsFunc(w.Frames, func(f stacks.Frame) bool {
			return f.Function == function && f.Line >= low && f.Line <= high
		})
	})
	if !shown {
		t.Logf("the kernel shows no registers here: the lines of loops are not known")
	}
}

// TestOtherVersionsOfNode: each has its own layout of objects, and its own compilers.
func TestOtherVersionsOfNode(t *testing.T) {
	out, err := exec.Command("../../.ci/node-versions").Output()
	if err != nil {
		t.Fatalf("find Node.js of other versions: %v", err)
	}
	for program := range strings.FieldsSeq(string(out)) {
		if _, err := os.Stat(program); err != nil {
			t.Fatalf("%v: .ci/install-tools fetches it", err)
		}
		version := filepath.Base(filepath.Dir(program))
		t.Run(version, func(t *testing.T) {
			tellsLine(t, startNode(t, program, interpreted, "wait"), false, true, "wait", 13, 13)
			tellsLine(t, startNode(t, program, nil, "called"), true, true, "often", 61, 61)
			tellsLine(t, startNode(t, program, nil, "loop"), true, false, "loop", 47, 49)
			tellsLine(t, startNode(t, program, baseline, "clock"), false, false, "clock", 54, 55)
			w := until(t, process(startNode(t, program, interpreted, "idle")), func(w stacks.Work) bool { return w.Idle })
			if len(w.Frames) > 0 {
				t.Errorf("an event loop at rest: %+v", w)
			}
		})
	}
}

func TestAnEventLoopThatWaitsForEventsIsIdle(t *testing.T) {
	w := until(t, process(start(t, interpreted, "idle")), func(w stacks.Work) bool { return w.Idle })
	if len(w.Frames) > 0 || w.Wait.On != "" || w.Script {
		t.Errorf("%+v", w)
	}
}

func TestWorkersAreReadBesideTheMainThread(t *testing.T) {
	pid := start(t, interpreted, "workers")
	all := map[string]stacks.Work{}
	until := time.Now().Add(30 * time.Second)
	var r stacks.Reader
	for ; len(all) < 4; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(until) {
			t.Fatalf("waited 30 s; last seen: %+v", all)
		}
		if r == nil {
			var err error
			if r, err = Open(process(pid)); err != nil {
				continue
			}
		}
		works, err := r.Look()
		if err != nil {
			continue
		}
		clear(all)
		for _, w := range works {
			named := func(function string) bool {
				return slices.ContainsFunc(w.Frames, func(f stacks.Frame) bool { return f.Function == function && !f.Library })
			}
			switch {
			case w.TID == pid && w.Idle:
				all["main"] = w
			case w.Idle:
				all["at rest"] = w
			case named("job"):
				all["job"] = w
			case named("own"):
				all["own"] = w
			}
		}
	}
	if !all["job"].Pool || all["own"].Pool || all["at rest"].Pool || all["own"].Wait.On != "event" {
		t.Errorf("want the one with a message to be of a pool, and the others not: %+v", all)
	}
}

func TestAProcessWithoutNodeHasNone(t *testing.T) {
	if _, err := Open(process(os.Getpid())); !errors.Is(err, stacks.ErrNone) {
		t.Errorf("a program of Go: %v, want %v", err, stacks.ErrNone)
	}
}
