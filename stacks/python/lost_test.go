package python

import (
	"fmt"
	"testing"

	"github.com/hangtime-dev/hangtime/stacks"
)

// lostProgram uses a pool, forks, and uses it again in the child, which has no thread of it; and then one of its own.
const lostProgram = `
import os, threading, time
from concurrent.futures import ThreadPoolExecutor
pool = ThreadPoolExecutor(1)
pool.submit(time.time).result()
pid = os.fork()
if pid == 0:
    mine = ThreadPoolExecutor(1)
    def ask(): pool.submit(time.sleep, 1).result()
    def wait():
        mine.submit(time.sleep, 3600)
        mine.submit(time.sleep, 1).result()
    def map(): list(ThreadPoolExecutor(1, "mapped").map(time.sleep, [3600]))
    for f in ask, wait, map: threading.Thread(target=f, name=f.__name__, daemon=True).start()
    threading.Event().wait(3600)
print("ready", flush=True)
os.waitpid(pid, 0)
`

// TestAJobOfAPoolThatTheForkLeftBehind: nobody takes it, while one that waits behind another is only late.
func TestAJobOfAPoolThatTheForkLeftBehind(t *testing.T) {
	var finder Finder
	for _, exe := range interpreters(t) {
		t.Run(exe, func(t *testing.T) {
			t.Parallel()
			_, cmd := start(t, &finder, exe, lostProgram)
			parent := cmd.Process.Pid
			r := open(t, &finder, childOfProcess(t, parent))
			eventually(t, r, func(work []stacks.Work) string {
				if w := work1(work, "ask").Wait; w.On != "future" || w.Before != parent || w.Owner != 0 {
					return fmt.Sprintf("ask waits for %+v", w)
				}
				if w := work1(work, "wait").Wait; w.On != "future" || w.Before != 0 {
					return fmt.Sprintf("wait waits for %+v", w)
				}
				if w := work1(work, "map").Wait; w.On != "future" || w.Owner != uint64(work1(work, "mapped_0").TID) {
					return fmt.Sprintf("map waits for %+v", w)
				}
				return ""
			})
		})
	}
}
