package golang

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/hangtime-dev/hangtime/kernel/memory"
	"github.com/hangtime-dev/hangtime/stacks"
)

// builds are the ways in which programs are built that differ in what the reader finds.
var builds = map[string][]string{
	"as it comes": nil,
	"stripped":    {"-ldflags=-s -w"},
	"position-independent, stripped, with trimmed paths": {"-buildmode=pie", "-trimpath", "-ldflags=-s -w"},
}

// compiler is the go command that builds the programs to be read. HANGTIME_GO names one of another version.
func compiler() string {
	if other := os.Getenv("HANGTIME_GO"); other != "" {
		return other
	}
	return "go"
}

// build builds the program in a module of its own, which also the oldest version that is read can build.
func build(t testing.TB, flags []string) string {
	t.Helper()
	folder := t.TempDir()
	source, err := os.ReadFile(standstills)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"main.go": string(source),
		"go.mod": "module example.com/standstills\n\ngo " + version(t) + "\n"} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	command := exec.Command(compiler(), slices.Concat([]string{"build", "-o", "program"}, flags, []string{"."})...)
	command.Dir = folder
	if out, err := command.CombinedOutput(); err != nil {
		t.Fatalf("build %s %v: %v\n%s", standstills, flags, err, out)
	}
	return filepath.Join(folder, "program")
}

// version is the minor version of the compiler: "1.26".
func version(t testing.TB) string {
	t.Helper()
	out, err := exec.Command(compiler(), "env", "GOVERSION").Output()
	if err != nil {
		t.Fatal(err)
	}
	number := strings.Split(strings.TrimPrefix(string(out), "go"), ".")
	return number[0] + "." + number[1]
}

// start runs a program until the test ends, and gives its process and its first line.
func start(t testing.TB, program string, args ...string) (stacks.Process, string) {
	t.Helper()
	command := exec.Command(program, args...)
	in, err := command.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	command.Stderr = os.Stderr
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = in.Close()
		_ = command.Process.Kill()
		_ = command.Wait()
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("read the first line of %s: %v", program, err)
	}
	return process(command.Process.Pid), strings.TrimSpace(line)
}

func process(pid int) stacks.Process {
	return stacks.Process{Proc: "/proc", PID: pid,
		Memory: func(address uint64, into []byte) error { return memory.Read(pid, address, into) }}
}

const standstills = "testdata/standstills/main.go"

// marked are the lines of the program that are marked, by function.
func marked(t *testing.T) map[string]int {
	t.Helper()
	text, err := os.ReadFile(standstills)
	if err != nil {
		t.Fatal(err)
	}
	lines := map[string]int{}
	for i, line := range strings.Split(string(text), "\n") {
		if _, function, ok := strings.Cut(line, "// at: "); ok {
			lines[function] = i + 1
		}
	}
	return lines
}

// waits are what the functions of the program wait for.
var waits = map[string]stacks.Wait{
	"main.onMutex":              {On: "lock", Name: "main.mutex"},
	"main.small":                {On: "lock", Name: "main.mutex"},
	"main.serve.func1":          {On: "lock", Name: "main.mutex"},
	"main.onRWMutexWrite":       {On: "lock", Name: "main.rwmutex"},
	"main.onRWMutexWrite.func1": {On: "lock", Name: "main.rwmutex"},
	"main.onWaitGroup":          {On: "wait group", Name: "main.group"},
	"main.onCondition":          {On: "condition"},
	"main.onReceive":            {On: "channel"},
	"main.onSend":               {On: "channel"},
	"main.onNilChannel":         {On: "channel", Name: "nil channel"},
	"main.onSelect":             {On: "select"},
	"main.onNoCases":            {On: "select", Name: "no cases"},
	"main.onSleep":              {On: "sleep"},
	"main.onTimer":              {On: "sleep"}, // before Go 1.23 a timer's channel is one like all others
	"main.onSocket":             {On: "socket"},
	"main.onUpstream":           {On: "socket"},
	"main.onPipe":               {On: "pipe"},
	"main.onChild":              {On: "child"},
	"main.onSystemCall":         {},
	"main.onSignal":             {On: "channel"},
	"main.onPool":               {On: "pool"},
	"main.deep":                 {On: "channel"},
	"main.inGeneric[...].func1": {On: "channel"},
}

func TestGoroutinesAreFoundWhereTheyWait(t *testing.T) {
	lines := marked(t)
	if wanted, got := slices.Sorted(maps.Keys(waits)), slices.Sorted(maps.Keys(lines)); !slices.Equal(wanted, got) {
		t.Fatalf("the program marks %v, the test wants %v", got, wanted)
	}
	version := version(t)
	for name, flags := range builds {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, _ := start(t, build(t, flags))
			named := name == "as it comes"
			look(t, p, func(work []stacks.Work) error {
				found := map[string]stacks.Work{}
				for _, w := range work {
					if f, ok := application(w); ok {
						found[f.Function] = w
					}
				}
				for function, wait := range waits {
					w, ok := found[function]
					if !ok {
						return fmt.Errorf("no goroutine stands in %s, but in %v", function, slices.Sorted(maps.Keys(found)))
					}
					if function == "main.onTimer" && (version == "1.21" || version == "1.22") {
						wait.On = "channel"
					}
					if !named && strings.HasPrefix(wait.Name, "main.") {
						wait.Name = ""
					}
					if err := same(w, function, lines[function], wait); err != nil {
						return err
					}
				}
				if main := found["main.main"]; !main.Main || !main.Script {
					return fmt.Errorf("the main goroutine is %+v", main)
				}
				return shared(found)
			})
		})
	}
}

// application is the innermost frame of the application.
func application(w stacks.Work) (stacks.Frame, bool) {
	for _, f := range w.Frames {
		if !f.Library {
			return f, true
		}
	}
	return stacks.Frame{}, false
}

func isIn(w stacks.Work, function string) bool {
	return slices.ContainsFunc(w.Frames, func(f stacks.Frame) bool { return f.Function == function })
}

func same(w stacks.Work, function string, line int, wait stacks.Wait) error {
	f, _ := application(w)
	switch {
	case w.Kind != "goroutine" || w.ID == 0:
		return fmt.Errorf("%s is a %q of id %d", function, w.Kind, w.ID)
	case f.Line != line || filepath.Base(f.File) != "main.go":
		return fmt.Errorf("%s stands at %s:%d, want line %d", function, f.File, f.Line, line)
	case w.Wait.On != wait.On || w.Wait.Name != wait.Name:
		return fmt.Errorf("%s waits for %q named %q, want %q named %q", function, w.Wait.On, w.Wait.Name, wait.On, wait.Name)
	case w.Idle:
		return fmt.Errorf("%s is idle", function)
	case w.Main || w.Script != (function != "main.serve.func1"):
		return fmt.Errorf("%s is in the program's own course: %v; it is the main one: %v", function, w.Script, w.Main)
	case (w.Wait.On == "socket" || w.Wait.On == "pipe") && w.Wait.FD <= 2:
		return fmt.Errorf("%s waits for descriptor %d", function, w.Wait.FD)
	case (function == "main.onSystemCall" || function == "main.onChild") != (w.TID > 0):
		return fmt.Errorf("%s is in thread %d", function, w.TID)
	}
	return nil
}

// shared tells whether those who wait for the same wait for the same object, and others for another.
func shared(found map[string]stacks.Work) error {
	object := func(function string) uint64 { return found[function].Wait.Object }
	switch {
	case object("main.onMutex") == 0 || object("main.onMutex") != object("main.small") ||
		object("main.onMutex") != object("main.serve.func1"):
		return errors.New("those who wait for one mutex wait for several")
	case object("main.onRWMutexWrite") == 0 || object("main.onRWMutexWrite") != object("main.onRWMutexWrite.func1"):
		return errors.New("reader and writer of one mutex wait for two")
	case object("main.onReceive") == 0 || object("main.onReceive") != object("main.deep") ||
		object("main.onReceive") == object("main.onSend"):
		return errors.New("those who receive from one channel do so from several")
	case object("main.onWaitGroup") == 0 || object("main.onWaitGroup") == object("main.onMutex"):
		return errors.New("the wait group has no address of its own")
	}
	return nil
}

// look looks until what was read is as wanted.
func look(t *testing.T, p stacks.Process, wanted func([]stacks.Work) error) {
	t.Helper()
	const limit = 20 * time.Second
	var err error
	end := time.Now().Add(limit)
	for time.Now().Before(end) {
		r, opened := Open(p)
		if err = opened; err != nil {
			continue // it begins
		}
		for time.Now().Before(end) {
			var work []stacks.Work
			if work, err = r.Look(); err != nil {
				continue
			}
			if err = wanted(work); err == nil {
				return
			}
		}
	}
	t.Fatal(err)
}

// Also of those that run, which are told with their threads.
func TestTheServersGoroutinesAreToldWithTheirRequests(t *testing.T) {
	p, ports := start(t, build(t, builds["stripped"]))
	var want []int
	for port := range strings.FieldsSeq(ports) {
		n, err := strconv.Atoi(port)
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, n)
	}
	if len(want) != 3 {
		t.Fatalf("the program printed %q", ports)
	}
	look(t, p, func(work []stacks.Work) error {
		var requests []stacks.Request
		idle, accepts, thread, spins := 0, 0, 0, false
		for _, w := range work {
			switch {
			case w.Idle && !w.Pool && slices.ContainsFunc(w.Frames,
				func(f stacks.Frame) bool { return f.Function == "net.(*netFD).accept" }):
				accepts++
			case w.Pool && w.Idle:
				idle++
			case w.Pool:
				requests = append(requests, w.Request)
				thread = max(thread, w.TID)
				spins = spins || w.Request.Path == "/busy" && w.TID > 0 && isIn(w, "main.spins") && len(w.Frames) > 5
			}
		}
		slices.SortFunc(requests, func(a, b stacks.Request) int { return strings.Compare(b.Path, a.Path) })
		wanted := []stacks.Request{{Method: "POST", Path: "/stuck", Query: "order=7", Port: want[0]},
			{Method: "GET", Path: "/busy", Port: want[1]}}
		if idle != 1 || accepts != 1 || !slices.Equal(requests, wanted) {
			return fmt.Errorf("%d connections are idle, %d accept, requests %+v; want 1, 1, %+v", idle, accepts,
				requests, wanted)
		}
		if !spins {
			return errors.New("what serves /busy is not seen to run in main.spins")
		}
		_, err := os.Stat(fmt.Sprintf("/proc/%d/task/%d/stat", p.PID, thread))
		return err
	})
}

func TestAProgramOfAnotherLanguageHasNone(t *testing.T) {
	command := exec.Command("cat")
	in, err := command.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = in.Close(); _ = command.Wait() }()
	if _, err := Open(process(command.Process.Pid)); !errors.Is(err, stacks.ErrNone) {
		t.Errorf("a program in C has goroutines: %v", err)
	}
}

func TestAProgramThatCannotBeReadIsAnError(t *testing.T) {
	p, _ := start(t, build(t, builds["stripped"]))
	p.Memory = func(uint64, []byte) error { return io.ErrUnexpectedEOF }
	if r, err := Open(p); err == nil {
		t.Errorf("memory that cannot be read has a reader: %v", r)
	}
}
