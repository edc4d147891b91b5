package python

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/hangtime-dev/hangtime/stacks"
)

// threadsProgram has threads that wait in each of the ways that a thread can.
const threadsProgram = `
import concurrent.futures, logging.handlers, queue, subprocess, sys, threading, time
def thread(name, target):
    threading.Thread(target=target, name=name, daemon=True).start()

class Café:
    def wait(self):
        time.sleep(
            3600)
def outer():
    Café().wait()
thread("sleeper", outer)

lock, held, again = threading.Lock(), threading.Lock(), threading.RLock()
lock.acquire()
def never():
    lock.acquire()
thread("acquirer", never)
def hold():
    with held:
        with again:
            time.sleep(3600)
thread("holder", hold)
while not held.locked(): time.sleep(0.01)
class Store:
    def __init__(self): self._guard = held
    def read(self):
        with self._guard: pass
thread("within", Store().read)
def enter():
    with again: pass
thread("reenter", enter)
changed = threading.Condition()
def inside():
    with changed: time.sleep(3600)
thread("inside", inside)
while changed.acquire(blocking=False):
    changed.release()
    time.sleep(0.01)
def outside():
    with changed: pass
thread("outside", outside)

answers, event, few = queue.Queue(), threading.Event(), threading.Semaphore(0)
def ask():
    answers.get()
thread("asker", ask)
simple = queue.SimpleQueue()
def asksimple():
    simple.get()
thread("simple", asksimple)
def await_event():
    event.wait()
thread("eventful", await_event)
def await_few():
    few.acquire()
thread("few", await_few)
never_done = concurrent.futures.Future()
def result():
    never_done.result()
thread("result", result)
gate = threading.Barrier(2)
def meet():
    gate.wait()
thread("meets", meet)
asker = [t for t in threading.enumerate() if t.name == "asker"][0]
def join():
    asker.join()
thread("joiner", join)
def child():
    subprocess.run(["sleep", "3600"], stdout=subprocess.PIPE)
thread("parent", child)

executor = concurrent.futures.ThreadPoolExecutor(2, thread_name_prefix="pool")
executor.submit(event.wait)
executor.submit(int).result()
while True:
    executor.submit(int).result()
    if len(executor._threads) == 2: break
listener = logging.handlers.QueueListener(queue.Queue())
listener.start()
print("ready", flush=True)
def app(environ, start_response):
    while True: pass
app({"REQUEST_METHOD": "GET", "PATH_INFO": "/pay", "QUERY_STRING": "a=1", "REMOTE_PORT": "40123", "HTTP_COOKIE": "secret"}, None)
`

func TestThreadsTellWhereTheyStandAndWhatTheyWaitFor(t *testing.T) {
	var finder Finder
	for _, exe := range interpreters(t) {
		t.Run(exe, func(t *testing.T) {
			r, cmd := start(t, &finder, exe, threadsProgram)
			old := r.runtime.layout.version == 0x030a
			eventually(t, r, func(work []stacks.Work) string {
				tid := func(name string) uint64 { return uint64(work1(work, name).TID) }
				for _, want := range []struct {
					name, on, object string
					owner            uint64
					frames           string
				}{
					{"sleeper", "", "", 0, "Café.wait < outer < Thread.run"},
					{"acquirer", "lock", "lock", 0, "never < "},
					{"holder", "", "", 0, "hold < "},
					{"within", "lock", "_guard", tid("holder"), "Store.read < "},
					{"reenter", "lock", "again", tid("holder"), "enter < "},
					{"outside", "lock", "changed", tid("inside"), "Condition.__enter__ < outside < "},
					{"asker", "queue", "answers", 0, "Condition.wait < Queue.get < ask < "},
					{"simple", "queue", "simple", 0, "asksimple < "},
					{"eventful", "event", "event", 0, "Condition.wait < Event.wait < await_event < "},
					{"few", "semaphore", "few", 0, "Condition.wait < Semaphore.acquire < "},
					{"result", "future", "never_done", 0, "Condition.wait < Future.result < "},
					{"meets", "barrier", "gate", 0, "Condition.wait < "},
					{"joiner", "thread", "asker", tid("asker"), ""},
				} {
					w := work1(work, want.name)
					got := w.Wait
					if got.On != want.on || got.Name != want.object || got.Owner != want.owner ||
						!strings.HasPrefix(where(w), want.frames) || w.TID == 0 || w.Idle || w.Kind != "thread" {
						return fmt.Sprintf("%s: at %s, waits for %+v, want %+v", want.name, where(w), got, want)
					}
					if (want.on != "") != (got.Object != 0) || (want.on != "") != (got.FD == -1) {
						return fmt.Sprintf("%s: waits for %+v", want.name, got)
					}
				}
				if w := work1(work, "parent"); w.Wait.On != "child" || w.Wait.Owner <= 1 {
					return fmt.Sprintf("parent: at %s, waits for %+v", where(w), w.Wait)
				}
				return ""
			})
			eventually(t, r, func(work []stacks.Work) string {
				idle, busy, listens := 0, 0, false
				for _, w := range work {
					switch {
					case strings.HasPrefix(w.Name, "pool_") && w.Pool && w.Idle:
						idle++
					case strings.HasPrefix(w.Name, "pool_") && w.Pool && w.Wait.On == "event":
						busy++
					case w.Idle && strings.Contains(where(w), "_monitor"):
						listens = true
					}
				}
				if idle != 1 || busy != 1 || !listens {
					return fmt.Sprintf("%d idle and %d busy of a pool of two; the listener is idle: %v", idle, busy, listens)
				}
				return ""
			})
			eventually(t, r, func(work []stacks.Work) string {
				w := work1(work, "MainThread")
				want := stacks.Request{Method: "GET", Path: "/pay", Query: "a=1", Port: 40123}
				switch {
				case w.TID != cmd.Process.Pid || !w.Lock:
					return fmt.Sprintf("the main thread is %d and holds the lock: %v", w.TID, w.Lock)
				case w.Request != want:
					return fmt.Sprintf("the request is %+v", w.Request)
				case len(w.Frames) != 2 || w.Frames[0].Function != "app" || w.Frames[0].File != "<string>" ||
					w.Frames[0].Line < 80 || w.Frames[0].Library:
					return fmt.Sprintf("the main thread is at %+v", w.Frames)
				}
				sleeper := work1(work, "sleeper")
				if f := sleeper.Frames[0]; f.Line != 8 && !(old && f.Line == 7) {
					return fmt.Sprintf("the sleeper is at line %d", f.Line)
				}
				if f := sleeper.Frames[2]; !f.Library || filepath.Base(f.File) != "threading.py" ||
					!filepath.IsAbs(f.File) || f.Line == 0 {
					return fmt.Sprintf("Thread.run is %+v", f)
				}
				return ""
			})
		})
	}
}

const shutdownProgram = `
import queue, threading, time
q = queue.Queue()
def work():
    while True: q.get()
threading.Thread(target=work, name="mailer").start()
print("ready", flush=True)
`

func TestAnInterpreterAtItsExitNamesTheThreadThatItWaitsFor(t *testing.T) {
	var finder Finder
	for _, exe := range interpreters(t) {
		t.Run(exe, func(t *testing.T) {
			t.Parallel()
			r, cmd := start(t, &finder, exe, shutdownProgram)
			eventually(t, r, func(work []stacks.Work) string {
				mailer := work1(work, "mailer")
				for _, w := range work {
					if w.TID == cmd.Process.Pid && w.Ends && w.Wait.On == "thread" && w.Wait.Name == "mailer" &&
						w.Wait.Owner == uint64(mailer.TID) && mailer.TID != 0 {
						return ""
					}
				}
				return fmt.Sprintf("no thread ends and waits for the mailer: %+v", work)
			})
		})
	}
}

const forkProgram = `
import os, sys, threading, time
lock, other = threading.Lock(), threading.Lock()
def flush():
    while True:
        with lock: time.sleep(0.5)
threading.Thread(target=flush, daemon=True).start()
while not lock.locked(): time.sleep(0.01)
pid = os.fork()
if pid == 0:
    threading.Thread(target=other.acquire, daemon=True).start()
    def count():
        with lock: pass
    count()
with open(sys.argv[1], "w") as f: f.write(str(pid))
print("ready", flush=True)
time.sleep(3600)
`

func TestALockThatWasTakenBeforeTheForkNamesTheParent(t *testing.T) {
	var finder Finder
	for _, exe := range interpreters(t) {
		t.Run(exe, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "child")
			_, cmd := start(t, &finder, exe, forkProgram, file)
			child := readPID(t, file)
			r := open(t, &finder, child)
			eventually(t, r, func(work []stacks.Work) string {
				for _, w := range work {
					if w.TID == child && w.Wait.On == "lock" && w.Wait.Name == "lock" &&
						w.Wait.Before == cmd.Process.Pid && w.Wait.Owner == 0 {
						object, name, ok := r.LockAt(r.runtime.futex(child))
						if object != w.Wait.Object || name != "lock" || !ok {
							return fmt.Sprintf("the lock of its futex is %#x %q %v", object, name, ok)
						}
						return ""
					}
				}
				return fmt.Sprintf("%+v", work)
			})
		})
	}
}

// longProgram has a thread that does not give the interpreter's lock back, in a function that is compiled.
const longProgram = `
import re, sys, threading, time
sys.setswitchinterval(0.001)
def match(): re.match("(a+)+$", "a" * 60 + "b")
print("ready", flush=True)
threading.Thread(target=match, name="matcher", daemon=True).start()
while True: pass
`

func TestAThreadThatWaitsForTheInterpreterNamesTheOneThatRuns(t *testing.T) {
	var finder Finder
	for _, exe := range interpreters(t) {
		t.Run(exe, func(t *testing.T) {
			r, cmd := start(t, &finder, exe, longProgram)
			eventually(t, r, func(work []stacks.Work) string {
				for _, w := range work {
					if w.TID == cmd.Process.Pid && w.Wait.On == "interpreter lock" &&
						w.Wait.Owner == uint64(work1(work, "matcher").TID) && work1(work, "matcher").Lock {
						return ""
					}
				}
				return fmt.Sprintf("%+v", work)
			})
		})
	}
}

// readPID reads a process id that a program wrote, and ends that process with the test.
func readPID(t *testing.T, file string) int {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(string(text))
	if err != nil || pid <= 1 {
		t.Fatalf("want a process id in %s, got %q", file, text)
	}
	t.Cleanup(func() { _ = syscall.Kill(pid, syscall.SIGKILL) })
	return pid
}
