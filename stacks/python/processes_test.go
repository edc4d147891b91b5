package python

import (
	"fmt"
	"strings"
	"testing"

	"github.com/hangtime-dev/hangtime/stacks"
)

// processesProgram has a coroutine and a thread that wait for jobs of a pool with one process, and a thread that waits for
// one of a pool with two.
const processesProgram = `
import asyncio, multiprocessing, threading, time
from concurrent.futures import ProcessPoolExecutor
fork = multiprocessing.get_context("fork")
one, two = ProcessPoolExecutor(1, fork), ProcessPoolExecutor(2, fork)
jobs = [two.submit(time.sleep, 3600) for _ in range(2)]
job = one.submit(time.sleep, 3600)
threading.Thread(target=job.result, name="waits", daemon=True).start()
threading.Thread(target=jobs[0].result, name="for two", daemon=True).start()
async def job_of_pool():
    await asyncio.get_running_loop().run_in_executor(one, time.sleep, 3600)
async def main():
    task = asyncio.create_task(job_of_pool(), name="awaits")
    print("ready", flush=True)
    await task
asyncio.run(main())
`

func TestAJobOfAPoolOfProcessesWaitsForThem(t *testing.T) {
	var finder Finder
	for _, exe := range interpreters(t) {
		t.Run(exe, func(t *testing.T) {
			t.Parallel()
			r, _ := start(t, &finder, exe, processesProgram)
			eventually(t, r, func(work []stacks.Work) string {
				for _, name := range []string{"waits", "awaits"} {
					w := work1(work, name).Wait
					if w.On != "child" || w.Owner <= 1 || !strings.HasPrefix(w.Name, fmt.Sprintf("pid %d (", w.Owner)) {
						return fmt.Sprintf("%s waits for %+v", name, w)
					}
				}
				if w := work1(work, "for two").Wait; w.On != "child" || w.Owner != 0 || w.Name != "one of the 2 of a pool" {
					return fmt.Sprintf("for two waits for %+v", w)
				}
				return ""
			})
		})
	}
}
