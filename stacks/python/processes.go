package python

import (
	"fmt"

	"github.com/hangtime-dev/hangtime/kernel/proc"
)

// waitForProcesses tells that a future is that of a job which a pool of processes has, and of which of them where there is
// only one; false: no pool has it. concurrent.futures has a thread for each such pool, whose object has both.
func (es *executorReader) waitForProcesses(future uint64, w *wait) bool {
	for _, t := range es.runtime.threads {
		for _, f := range t.frames {
			if f.code.place != "concurrent/futures/process.py" || method(f.code.function) != "run" {
				continue
			}
			manager := es.unwinder.own(f)
			if !es.pending(manager, future) {
				continue
			}
			w.On, w.Owner = "child", 0
			var pids []uint64
			es.objects.each(es.objects.attribute(manager, "processes"), func(pid, _ uint64) bool {
				pids = append(pids, pid)
				return len(pids) < maxThreads
			})
			if len(pids) == 1 {
				es.runtime.waitForChild(pids[0], w)
			} else {
				w.Name = fmt.Sprintf("one of the %d of a pool", len(pids))
			}
			return true
		}
	}
	return false
}

// pending says whether a pool of processes has a future's job.
func (es *executorReader) pending(manager, future uint64) (found bool) {
	jobs := 0
	es.objects.each(es.objects.attribute(manager, "pending_work_items"), func(_, item uint64) bool {
		found = es.objects.attribute(item, "future") == future
		jobs++
		return !found && jobs < maxJobs
	})
	return found
}

// waitForChild is the process of a number, as subprocess or multiprocessing waits for; Owner is its pid.
func (r *cpython) waitForChild(number uint64, w *wait) {
	pid, ok := r.objects.number(number)
	if !ok || pid <= 0 {
		return
	}
	w.Owner = uint64(pid)
	if command := proc.FS(r.process.Proc).Command(pid); w.Name == "" && command != "" {
		w.Name = fmt.Sprintf("pid %d (%s)", pid, command)
	}
}
