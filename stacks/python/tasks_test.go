package python

import (
	"fmt"
	"strings"
	"testing"

	"github.com/hangtime-dev/hangtime/stacks"
)

// tasksProgram has tasks that wait in each of the ways that a task can.
const tasksProgram = `
import asyncio, os, socket, sys, threading, time
lock, answers, room, event, few = asyncio.Lock(), asyncio.Queue(), asyncio.Queue(1), asyncio.Event(), asyncio.Semaphore(1)
async def hold():
    async with lock: await asyncio.sleep(3600)
async def within():
    async with lock: pass
async def acquire(): await lock.acquire()
async def ask(): await answers.get()
async def fill():
    await room.put(1)
    await room.put(2)
async def await_event(): await event.wait()
async def await_few():
    await few.acquire()
    await few.acquire()
async def bare(): await asyncio.get_running_loop().create_future()
async def thread(): await asyncio.to_thread(time.sleep, 3600)
async def executor(): await asyncio.get_running_loop().run_in_executor(None, time.sleep, 3600)
async def receive_some():
    a, b = socket.socketpair()
    globals()["other_end"] = b
    a.setblocking(False)
    await asyncio.get_running_loop().sock_recv(a, 1)
async def stream():
    a, b = socket.socketpair()
    globals()["another_end"] = b
    reader, writer = await asyncio.open_connection(sock=a)
    await reader.readexactly(10)
async def another(): await holder
async def gather(): await asyncio.gather(holder, asyncio.sleep(0))
async def limited(): await asyncio.wait_for(asyncio.shield(holder), 3600)
async def several(): await asyncio.wait([holder])
async def numbers():
    await asyncio.sleep(3600)
    yield 1
async def iterate():
    async for _ in numbers(): pass
async def child():
    process = await asyncio.create_subprocess_exec("sleep", "3600")
    await process.wait()
class Awaitable:
    def __await__(self): return ask().__await__()
async def own(): await Awaitable()
async def app(scope, receive, send): await asyncio.sleep(3600)
async def serve():
    global holder
    holder = asyncio.ensure_future(hold())
    holder.set_name("holder")
    await asyncio.sleep(0.01)
    kept = []
    for f in within, acquire, ask, fill, await_event, await_few, bare, thread, executor, receive_some, stream, another, gather, limited, several, iterate, child, own:
        kept.append(asyncio.ensure_future(f()))
        kept[-1].set_name(f.__name__)
    kept.append(asyncio.ensure_future(app({"type": "http", "method": "GET", "path": "/pay", "query_string": b"a=1", "client": ("127.0.0.1", 40123), "headers": [(b"cookie", b"secret")]}, None, None)))
    kept[-1].set_name("app")
    kept.append(asyncio.ensure_future(asyncio.sleep(3600)))
    kept[-1].set_name("housekeeping")
    await asyncio.sleep(0.3)
    print("ready", flush=True)
    await asyncio.sleep(3600)
asyncio.run(serve())
`

func TestTasksTellWhatTheyAwait(t *testing.T) {
	var finder Finder
	for _, exe := range interpreters(t) {
		t.Run(exe, func(t *testing.T) {
			t.Parallel()
			r, cmd := start(t, &finder, exe, tasksProgram)
			eventually(t, r, func(work []stacks.Work) string {
				holder := work1(work, "holder").ID
				for _, want := range []struct {
					name, on, object string
					owner            uint64
					frames           string
				}{
					{"holder", "sleep", "", 0, "sleep < hold"},
					{"within", "lock", "lock", holder, "Lock.acquire < _ContextManagerMixin.__aenter__ < within"},
					{"acquire", "lock", "lock", holder, "Lock.acquire < acquire"},
					{"ask", "queue", "answers", 0, "Queue.get < ask"},
					{"fill", "room", "room", 0, "Queue.put < fill"},
					{"await_event", "event", "event", 0, "Event.wait < await_event"},
					{"await_few", "semaphore", "few", 0, "Semaphore.acquire < await_few"},
					{"bare", "future", "", 0, "bare"},
					{"another", "task", "holder", holder, "another"},
					{"gather", "task", "", holder, "gather"},
					{"limited", "task", "holder", holder, "wait_for < limited"},
					{"several", "task", "", holder, "_wait < wait < several"},
					{"iterate", "sleep", "", 0, "sleep < numbers < iterate"},
					{"own", "queue", "answers", 0, "Queue.get < ask < own"},
				} {
					w := work1(work, want.name)
					got, at := w.Wait, where(w)
					if r.runtime.layout.version == 0x030a && want.name == "within" {
						at = strings.Replace(at, "Lock.__aenter__", "_ContextManagerMixin.__aenter__", 1)
					}
					if w.Kind != "task" || w.TID != 0 || w.Idle || got.On != want.on || got.Name != want.object ||
						got.Owner != want.owner || at != want.frames {
						return fmt.Sprintf("%s: at %s, idle %v, waits for %+v, want %+v", want.name, at, w.Idle, got, want)
					}
				}
				for _, name := range []string{"thread", "executor"} {
					w := work1(work, name)
					runs := ""
					for _, other := range work {
						if other.Kind == "thread" && uint64(other.TID) == w.Wait.Owner {
							runs = where(other)
						}
					}
					if w.Wait.On != "executor" || !strings.Contains(runs, "_WorkItem.run < _worker") {
						return fmt.Sprintf("%s waits for %+v, which is at %q", name, w.Wait, runs)
					}
				}
				for _, name := range []string{"receive_some", "stream"} {
					if w := work1(work, name); w.Wait.On != "socket" || w.Wait.FD <= 2 {
						return fmt.Sprintf("%s waits for %+v", name, w.Wait)
					}
				}
				if w := work1(work, "child"); w.Wait.On != "child" ||
					w.Wait.Name != fmt.Sprintf("pid %d (sleep 3600)", w.Wait.Owner) {
					return fmt.Sprintf("child waits for %+v", w.Wait)
				}
				if w := work1(work, "housekeeping"); !w.Idle || w.Wait.On != "sleep" {
					return fmt.Sprintf("housekeeping is %+v", w)
				}
				want := stacks.Request{Method: "GET", Path: "/pay", Query: "a=1", Port: 40123}
				if w := work1(work, "app"); w.Request != want {
					return fmt.Sprintf("the request is %+v", w.Request)
				}
				if w := work1(work, "MainThread"); w.TID != cmd.Process.Pid || !w.Idle || w.Turn {
					return fmt.Sprintf("the loop's thread is %+v", w)
				}
				return ""
			})
		})
	}
}

// runsProgram has a task that does not give its loop back.
const runsProgram = `
import asyncio, time
async def inner():
    print("ready", flush=True)
    time.sleep(3600)
async def outer(): await inner()
asyncio.run(outer())
`

func TestATaskThatRunsTellsItsThread(t *testing.T) {
	var finder Finder
	for _, exe := range interpreters(t) {
		t.Run(exe, func(t *testing.T) {
			t.Parallel()
			r, cmd := start(t, &finder, exe, runsProgram)
			eventually(t, r, func(work []stacks.Work) string {
				for _, w := range work {
					if w.Kind == "thread" && !w.Turn {
						return fmt.Sprintf("the loop's thread is in no turn: %+v", w)
					}
					if w.Kind == "task" && w.TID == cmd.Process.Pid && where(w) == "inner < outer" && !w.Idle {
						return ""
					}
				}
				return fmt.Sprintf("no task runs in the main thread: %+v", work)
			})
		})
	}
}
