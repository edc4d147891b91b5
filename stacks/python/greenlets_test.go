package python

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hangtime-dev/hangtime/stacks"
)

// greenletsProgram has greenlets that wait in each of the ways that one of gevent's can.
const greenletsProgram = `
from gevent import monkey; monkey.patch_all()
import gevent, gevent.event, gevent.lock, gevent.queue, queue, socket, subprocess, threading, time
lock, again, answers, event, few = threading.Lock(), threading.RLock(), queue.Queue(), gevent.event.Event(), gevent.lock.Semaphore(0)
full = gevent.queue.Queue(1)
lock.acquire()
a, b = socket.socketpair()
def acquire(): lock.acquire()
def within():
    with lock: pass
def hold():
    with again: time.sleep(3600)
def enter():
    with again: pass
def ask(): answers.get()
def fill():
    full.put(1)
    full.put(2)
def await_event(): event.wait()
def await_few(): few.acquire()
def receive(): a.recv(1)
def child(): subprocess.run(["sleep", "3600"])
def join(): sleeper.join()
def sleep(): time.sleep(3600)
def app(environ, start_response): time.sleep(3600)
sleeper = gevent.spawn(sleep)
kept = [gevent.spawn(f) for f in (acquire, within, hold, enter, ask, fill, await_event, await_few, receive, child, join)]
kept.append(gevent.spawn(app, {"REQUEST_METHOD": "GET", "PATH_INFO": "/pay", "REMOTE_PORT": "40123"}, None))
gevent.sleep(0.3)
print("ready", flush=True)
gevent.joinall(kept)
`

func TestGreenletsTellWhatTheyWaitFor(t *testing.T) {
	const system = "/usr/bin/python3" // gevent is installed for the system's, by .ci/install-tools
	exes := []string{system}
	for _, exe := range interpreters(t) {
		if exe != realPath(t, system) {
			exes = append(exes, exe)
		}
	}
	var finder Finder
	for _, exe := range exes {
		if err := exec.Command(exe, "-c", "import gevent").Run(); err != nil {
			if exe == system {
				t.Fatalf("gevent is not installed (.ci/install-tools does it): %v", err)
			}
			continue
		}
		t.Run(exe, func(t *testing.T) {
			t.Parallel()
			r, cmd := start(t, &finder, exe, greenletsProgram)
			eventually(t, r, func(work []stacks.Work) string { return wrongOfGreenlets(work, cmd.Process.Pid) })
		})
	}
}

func realPath(t *testing.T, path string) string {
	t.Helper()
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		t.Fatal(err)
	}
	return real
}

// wrongOfGreenlets says what is not told as it is of the program's greenlets; empty: nothing.
func wrongOfGreenlets(work []stacks.Work, pid int) string {
	at := func(function string) stacks.Work {
		for _, w := range work {
			for _, f := range w.Frames {
				if w.Kind == "greenlet" && f.Function == function && !f.Library {
					return w
				}
			}
		}
		return stacks.Work{}
	}
	for _, want := range []struct {
		function, on, object string
		owner                uint64
	}{
		{"acquire", "lock", "lock", 0},
		{"within", "lock", "lock", 0},
		{"hold", "sleep", "", 0},
		{"enter", "lock", "again", at("hold").ID},
		{"await_event", "event", "event", 0},
		{"await_few", "semaphore", "few", 0},
		{"ask", "queue", "answers", 0},
		{"fill", "room", "full", 0},
		{"join", "task", "sleeper", at("sleep").ID},
		{"sleep", "sleep", "", 0},
	} {
		w := at(want.function)
		if w.ID == 0 || w.TID != 0 || w.Idle || w.Wait.On != want.on || w.Wait.Name != want.object ||
			w.Wait.Owner != want.owner {
			return fmt.Sprintf("%s: at %s, waits for %+v, want %+v", want.function, where(w), w.Wait, want)
		}
	}
	if w := at("receive").Wait; w.On != "socket" || w.FD <= 2 {
		return fmt.Sprintf("receive waits for %+v", w)
	}
	if w := at("child").Wait; w.On != "child" || w.Owner <= 1 {
		return fmt.Sprintf("child waits for %+v", w)
	}
	if q := at("app").Request; q != (stacks.Request{Method: "GET", Path: "/pay", Port: 40123}) {
		return fmt.Sprintf("the request is %+v", q)
	}
	for _, w := range work {
		if w.Kind == "thread" && (w.TID != pid || !w.Idle || !strings.HasPrefix(where(w), "Hub.run")) {
			return fmt.Sprintf("the thread is %+v", w)
		}
	}
	return ""
}
