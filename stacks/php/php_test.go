package php

import (
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
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

func look(t *testing.T, pid int) []stacks.Work {
	t.Helper()
	r, err := Open(process(pid))
	if err != nil {
		t.Fatal(err)
	}
	works, err := r.Look()
	if err != nil {
		t.Fatal(err)
	}
	return works
}

// shop is a script that hangs in several ways; the numbers of its lines are looked for.
const shop = `<?php
namespace Shop;
session_save_path(ini_get('session.save_path'));
class Cart {
	function pay() {
		\sleep(100);
	}
	static function all(Cart $c) {
		(function () use ($c) {
			$c->pay();
		})();
	}
}
function items() { yield \fgets(\fopen($_GET['fifo'], 'r')); }
class Broken { function __call($name, $args) { \exec('sleep 100'); } }
$path = explode('?', $_SERVER['REQUEST_URI'])[0];
if ($path == '/pay')
	Cart::all(new Cart);
if ($path == '/report' || $path == '/page') {
	session_id('tab1');
	session_start();
	\sleep(100);
}
if ($path == '/thumb')
	(new Broken)->resize(1);
if ($path == '/items')
	foreach (items() as $item) { }
if ($path == '/include')
	include $_GET['file'];
if ($path == '/compute')
	for (;;) $x = 1;
echo "ok\n";
`

// A call is what is compared of a frame.
type call struct {
	function, file string
	line           int
	library        bool
}

func calls(frames []stacks.Frame) []call {
	var all []call
	for _, f := range frames {
		all = append(all, call{f.Function, filepath.Base(f.File), f.Line, f.Library})
	}
	for i := range all {
		if all[i].file == "." {
			all[i].file = ""
		}
	}
	return all
}

func TestWorkersOfFPM(t *testing.T) {
	server := startFPM(t, 1, shop)
	dir := filepath.Dir(server.script)
	vendor := filepath.Join(dir, "vendor", "x")
	if err := os.MkdirAll(vendor, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(vendor, "client.php"), []byte("<?php\neval(\"\\n\\nusleep(100000000);\");\n"),
		0o600); err != nil {
		t.Fatal(err)
	}
	fifo := filepath.Join(dir, "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		ask  string
		want []call
		on   string
	}{
		{"/pay?card=1", []call{
			{"sleep", "", 0, true}, {"Shop\\Cart::pay", "app.php", 6, false},
			{"Shop\\Cart::Shop\\{closure}", "app.php", 10, false},
			{"Shop\\Cart::all", "app.php", 11, false}, {"{main}", "app.php", 18, false},
		}, "sleep"},
		{"/thumb", []call{{"exec", "", 0, true}, {"Shop\\Broken::__call", "app.php", 15, false},
			{"{main}", "app.php", 25, false}}, "child"},
		{"/items?fifo=" + fifo, []call{{"fopen", "", 0, true}, {"Shop\\items", "app.php", 14, false},
			{"{main}", "app.php", 27, false}}, ""},
		{"/include?file=" + filepath.Join(vendor, "client.php"), []call{
			{"usleep", "", 0, true}, {"include", "client.php(2) : eval()'d code", 3, true},
			{"include", "client.php", 2, true}, {"{main}", "app.php", 29, false},
		}, "sleep"},
	} {
		server.ask(t, test.ask, false)
		var work stacks.Work
		until(t, func() bool {
			works := look(t, server.workers(t)[0])
			if len(works) != 1 {
				return false
			}
			work = works[0]
			return slices.Equal(calls(work.Frames), test.want)
		}, "%s to be at %v; it is %+v", test.ask, test.want, &work)
		pid := server.workers(t)[0]
		path, query, _ := strings.Cut(test.ask, "?")
		want := stacks.Request{Method: "GET", Path: path, Query: query, Port: 40123}
		if work.Request != want {
			t.Errorf("%s: request %+v, want %+v", test.ask, work.Request, want)
		}
		if work.Wait.On != test.on || work.Idle || !work.Pool || work.TID != pid || work.Kind != "thread" {
			t.Errorf("%s: %+v; want it to wait on %q in thread %d of a pool", test.ask, work, test.on, pid)
		}
		// The next one needs a worker: this one is replaced.
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		until(t, func() bool { w := server.workers(t); return len(w) == 1 && w[0] != pid }, "another worker")
	}
}

func TestIdleAndReceivingWorkersOfFPM(t *testing.T) {
	server := startFPM(t, 1, shop)
	pid := server.workers(t)[0]
	idle := func(when string) {
		t.Helper()
		until(t, func() bool {
			works := look(t, pid)
			return len(works) == 1 && works[0].Idle && works[0].Pool && len(works[0].Frames) == 0
		}, "an idle worker %s", when)
	}
	idle("before its first request")
	c := server.ask(t, "/", false)
	answer, err := io.ReadAll(c)
	if err != nil || !strings.Contains(string(answer), "ok") {
		t.Fatalf("no answer: %q, %v", answer, err)
	}
	until(t, func() bool {
		works := look(t, pid)
		return len(works) == 1 && !works[0].Idle && works[0].Request == stacks.Request{} && len(works[0].Frames) == 0
	}, "a worker that has answered and waits for the web server to close the connection")
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	idle("after a request")
	c = server.ask(t, "/", true)
	until(t, func() bool {
		return len(look(t, pid)) == 0
	}, "the worker to be neither idle nor at work while its request is not there whole")
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	idle("after a request that broke off")
}

func TestOneOfTwoWaitsForTheSession(t *testing.T) {
	server := startFPM(t, 2, shop)
	at := func(path string) string {
		for _, pid := range server.workers(t) {
			if works := look(t, pid); len(works) == 1 && works[0].Request.Path == path && len(works[0].Frames) > 0 {
				return works[0].Frames[0].Function
			}
		}
		return ""
	}
	server.ask(t, "/report", false)
	until(t, func() bool { return at("/report") == "sleep" }, "the report to begin")
	server.ask(t, "/page", false)
	until(t, func() bool { return at("/page") == "session_start" }, "the page to wait for its session")
}

func TestAWorkerThatComputes(t *testing.T) {
	server := startFPM(t, 1, shop)
	server.ask(t, "/compute", false)
	var got []call
	until(t, func() bool {
		got = nil
		for _, w := range look(t, server.workers(t)[0]) {
			got = calls(w.Frames)
		}
		return len(got) == 1 && got[0].function == "{main}" && got[0].file == "app.php"
	}, "the loop; it is at %v", &got)
}

func TestTheCommandLine(t *testing.T) {
	want := []call{{"fgets", "", 0, true}, {"job", "job.php", 3, false}, {"{main}", "job.php", 5, false}}
	pid := startScript(t, "job.php", "<?php\nfunction job() {\n  fgets(STDIN);\n}\njob();\n")
	until(t, func() bool {
		r, err := Open(process(pid))
		if err != nil {
			return false
		}
		works, err := r.Look()
		return err == nil && len(works) == 1 && slices.Equal(calls(works[0].Frames), want) && !works[0].Pool &&
			!works[0].Idle && works[0].Script && works[0].Request == stacks.Request{}
	}, "the script to read its input")
}

func TestAProgramsOwnCourse(t *testing.T) {
	for _, test := range []struct {
		name, file, script, at string
		idle, own              bool
	}{
		{"it pauses between two tries", "w.php", "while (true) sleep(30);", "sleep", false, true},
		{"it waits for a message in its own loop", "w.php", "$q = msg_get_queue(ftok(__FILE__, 'a'));\n" +
			"pcntl_async_signals(true); pcntl_signal(SIGTERM, function() use ($q) { msg_remove_queue($q); exit; });\n" +
			"while (msg_receive($q, 0, $type, 100, $what)) ;", "msg_receive", true, true},
		{"a callback of array_map is its own too", "w.php", "array_map(function($n) { sleep($n); }, [30]);", "sleep", false, true},
		{"a library's worker gave it its job", "vendor/worker.php", "sleep(30);", "sleep", false, false},
		{"Laravel's worker rests", "vendor/Worker.php",
			"namespace Illuminate\\Queue; class Worker { function sleep($n) { \\sleep($n); } } (new Worker)->sleep(30);",
			"sleep", true, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			pid := startScript(t, test.file, "<?php\n"+test.script)
			var got stacks.Work
			until(t, func() bool {
				r, err := Open(process(pid))
				if err != nil {
					return false
				}
				works, err := r.Look()
				if err != nil || len(works) != 1 || len(works[0].Frames) == 0 {
					return false
				}
				got = works[0]
				return got.Frames[0].Function == test.at
			}, "the script to be in %s; it is %+v", test.at, &got)
			if got.Idle != test.idle || got.Script != test.own {
				t.Errorf("idle %v, own course %v; want %v, %v: %+v", got.Idle, got.Script, test.idle, test.own, got)
			}
		})
	}
}

// startScript runs PHP's command line on a script, which ends with the test.
func startScript(t *testing.T, name, script string) int {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(script), 0o600); err != nil {
		t.Fatal(err)
	}
	command := exec.Command("php", file)
	command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	in, err := command.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = command.Process.Signal(syscall.SIGTERM)
		_ = in.Close()
		time.AfterFunc(time.Second, func() { _ = command.Process.Kill() })
		_ = command.Wait()
	})
	return command.Process.Pid
}

func TestAProcessWithoutPHP(t *testing.T) {
	if _, err := Open(process(os.Getpid())); !errors.Is(err, stacks.ErrNone) {
		t.Errorf("PHP in a program of Go: %v", err)
	}
}

func TestALookIsCheap(t *testing.T) {
	server := startFPM(t, 1, "<?php function f($n) { if ($n) f($n - 1); else sleep(100); } f(5000);")
	server.ask(t, "/", false)
	pid := server.workers(t)[0]
	until(t, func() bool { w := look(t, pid); return len(w) == 1 && len(w[0].Frames) == maxFrames }, "%d calls", maxFrames)
	r, err := Open(process(pid))
	if err != nil {
		t.Fatal(err)
	}
	var before, after syscall.Rusage
	const looks = 50
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &before)
	for range looks {
		if _, err := r.Look(); err != nil {
			t.Fatal(err)
		}
	}
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &after)
	cost := time.Duration(after.Utime.Nano()+after.Stime.Nano()-before.Utime.Nano()-before.Stime.Nano()) / looks
	t.Logf("a look at %d calls takes %v of processor time", maxFrames, cost)
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
			case 0:
				word = base + word%uint64(len(content))
			case 1:
				word %= 300
			}
			binary.NativeEndian.PutUint64(content[i:], word)
		}
		reads := 0
		for _, in := range []server{"fpm-fcgi", "apache2handler", "cli"} {
			l, _ := layouts(20220829)
			r := &reader{pid: 1, layout: l, executor: base + 8*(seed%1000), sapi: base + 8*(seed%997), server: in,
				memory: func(address uint64, into []byte) error {
					reads++
					if address < base || address+uint64(len(into)) > base+uint64(len(content)) ||
						byte(address>>8) < holes/2 {
						return errors.New("not mapped")
					}
					copy(into, content[address-base:])
					return nil
				}}
			works, err := r.Look()
			if err == nil && len(works) > 1 {
				t.Errorf("%d things at once", len(works))
			}
		}
		if reads > 3*maxReads {
			t.Errorf("%d reads", reads)
		}
	})
}
