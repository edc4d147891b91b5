package python

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/hangtime-dev/hangtime/stacks"
)

// owedProgram has threads that wait for futures of a loop whose thread one task stops, for one of an executor, and two
// threads that wait for each other at an import.
const owedProgram = `
import asyncio, sys, threading, time
from concurrent.futures import ThreadPoolExecutor
sys.path.insert(0, sys.argv[1])
loop = asyncio.new_event_loop()
threading.Thread(target=loop.run_forever, name="loop", daemon=True).start()
began = threading.Event()
async def block():
    began.set()
    time.sleep(3600)
async def later(): pass
blocks = asyncio.run_coroutine_threadsafe(block(), loop)
began.wait()
put_off = asyncio.run_coroutine_threadsafe(later(), loop)
works = ThreadPoolExecutor(1, "pool").submit(time.sleep, 3600)
for future, name in (blocks, "blocks"), (put_off, "put off"), (works, "works"):
    threading.Thread(target=future.result, name=name, daemon=True).start()
def import_it(): import circular
threading.Thread(target=import_it, name="importer", daemon=True).start()
print("ready", flush=True)
threading.Event().wait()
`

const circularModule = `
import threading
def f(): import circular
t = threading.Thread(target=f, name="imported")
t.start()
t.join()
`

func TestWhoOwesAFutureOrImportsAModuleIsKnown(t *testing.T) {
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "circular.py"), []byte(circularModule), 0o600); err != nil {
		t.Fatal(err)
	}
	var finder Finder
	for _, exe := range interpreters(t) {
		t.Run(exe, func(t *testing.T) {
			t.Parallel()
			r, _ := start(t, &finder, exe, owedProgram, folder)
			eventually(t, r, func(work []stacks.Work) string {
				for _, want := range []struct{ name, on, owner string }{
					{"blocks", "future", "loop"}, {"put off", "future", "loop"}, {"works", "future", "pool_0"},
					{"importer", "thread", "imported"}, {"imported", "lock", "importer"},
				} {
					w, owner := work1(work, want.name), work1(work, want.owner)
					if w.Wait.On != want.on || w.Wait.Owner == 0 || w.Wait.Owner != uint64(owner.TID) {
						return fmt.Sprintf("%s waits for %+v at %s, want %s of %s, thread %d", want.name, w.Wait, where(w), want.on,
							want.owner, owner.TID)
					}
				}
				return ""
			})
		})
	}
}

// circleProgram has two tasks that await each other.
const circleProgram = `
import asyncio
tasks = {}
async def wait_for_other(name): await tasks[name]
async def main():
    for name, other in ("a", "b"), ("b", "a"):
        tasks[name] = asyncio.ensure_future(wait_for_other(other))
        tasks[name].set_name(name)
    await asyncio.sleep(0)
    print("ready", flush=True)
    await asyncio.sleep(3600)
asyncio.run(main())
`

func TestTasksThatAwaitEachOtherTellSo(t *testing.T) {
	var finder Finder
	for _, exe := range interpreters(t) {
		t.Run(exe, func(t *testing.T) {
			t.Parallel()
			r, _ := start(t, &finder, exe, circleProgram)
			eventually(t, r, func(work []stacks.Work) string {
				a, b := work1(work, "a"), work1(work, "b")
				if a.ID == 0 || a.Wait.Owner != b.ID || b.Wait.Owner != a.ID || a.Idle || b.Idle {
					return fmt.Sprintf("they do not: %+v, %+v", a, b)
				}
				return ""
			})
		})
	}
}
