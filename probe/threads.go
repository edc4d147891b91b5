package probe

import (
	"cmp"
	"debug/buildinfo"
	"os"
	"slices"
	"strconv"
	"time"

	"github.com/hangtime-dev/hangtime/kernel/bpf"
	"github.com/hangtime-dev/hangtime/kernel/proc"
)

func itoa(n int) string { return strconv.Itoa(n) }

// A thread of a worker.
type thread struct {
	tid   int
	file  proc.Kept // its account, from the first time that it is read by itself
	ended bool
	last  proc.Schedstat
	read  time.Time // last tick at which it was read
	moved time.Time // tick at which it was last seen to have run; zero: not since it is watched
	// quietBefore is the tick before that one: it ran between the two. Zero: not known.
	quietBefore time.Time
	house       bool        // housekeeping of a language's runtime: its turns are no sign of work
	idle        bool        // its last look proved that it waits for work
	first       *threadLook // the first of two looks; nil: none was taken
	found       *finding    // what both looks found; it stands as long as the thread does not run
}

// threads are those of one process. One goroutine may use it.
type threads struct {
	proc   proc.FS
	pid    int
	all    []*thread // by tid
	gone   time.Duration
	delay  time.Duration // of threads that are gone
	listed time.Time
	begun  bool // refreshed once
	isGo   bool
	buf    [128]byte
}

// isGo says whether a process runs a program of Go. The answer is kept by the program's path: the workers of one server have the same.
func (w *watcher) isGo(pid int) bool {
	exe := w.proc.Path(pid, "exe")
	path, err := os.Readlink(exe)
	if err != nil {
		return false
	}
	is, known := w.goExe[path]
	if !known {
		_, err := buildinfo.ReadFile(exe)
		is = err == nil
		w.goExe[path] = is
	}
	return is
}

func (t *threads) close() {
	for _, one := range t.all {
		one.file.Close()
	}
	t.all = nil
}

// relist is how often threads are looked for anew where their number did not change.
const relist = time.Second

// refresh reads every thread's account at tick now and says whether any ran since the last, and whether one that matters did.
func (t *threads) refresh(now time.Time) (ran, moved bool) {
	if now.Sub(t.listed) >= relist {
		t.list(now)
	}
	ended := false
	for _, one := range t.all {
		is, err := t.account(one)
		if err != nil {
			ended = true
			t.end(one)
			continue
		}
		r, m := t.note(one, is, now)
		ran, moved = ran || r, moved || m
	}
	if ended {
		t.listed = time.Time{}
		t.sweep()
	}
	t.begun = true
	return ran || ended, moved
}

// take is refresh with accounts that were read for all processes at once; rows are this one's, by tid.
func (t *threads) take(now time.Time, rows []bpf.ThreadRow) (ran, moved bool) {
	t.listed = now
	known := len(t.all) // those behind are new ones
	next, ended := 0, false
	for _, row := range rows {
		for next < known && t.all[next].tid < row.TID {
			t.end(t.all[next])
			ended = true
			next++
		}
		var one *thread
		switch {
		case next < known && t.all[next].tid == row.TID:
			one = t.all[next]
			next++
		case len(t.all) < maxThreads:
			one = &thread{tid: row.TID}
			t.all = append(t.all, one)
		default:
			continue
		}
		r, m := t.note(one, row.Account, now)
		ran, moved = ran || r, moved || m
	}
	for ; next < known; next++ {
		t.end(t.all[next])
		ended = true
	}
	if ended || len(t.all) > known {
		t.sweep()
		slices.SortFunc(t.all, func(a, b *thread) int { return cmp.Compare(a.tid, b.tid) })
		t.markHouse()
	}
	t.begun = true
	return ran || ended, moved
}

// note takes a thread's account at tick now.
func (t *threads) note(one *thread, is proc.Schedstat, now time.Time) (ran, moved bool) {
	switch {
	case one.read.IsZero():
		ran, moved = true, t.begun && !one.house // a new thread
	case is.Ran != one.last.Ran || is.Runs != one.last.Runs:
		one.moved, one.quietBefore = now, one.read
		one.first, one.found = nil, nil
		ran, moved = true, !one.house
	}
	one.last, one.read = is, now
	return ran, moved
}

// end keeps the sums of a thread that is no more; sweep leaves such out.
func (t *threads) end(one *thread) {
	one.file.Close()
	one.ended = true
	t.gone += one.last.Ran
	t.delay += one.last.Delay
}

func (t *threads) sweep() {
	t.all = slices.DeleteFunc(t.all, func(one *thread) bool { return one.ended })
}

// account reads what the scheduler says of a thread now.
func (t *threads) account(one *thread) (proc.Schedstat, error) {
	if !one.file.IsOpen() {
		var err error
		if one.file, err = proc.Keep(t.proc.TaskPath(t.pid, one.tid, "schedstat")); err != nil {
			return proc.Schedstat{}, err
		}
	}
	text, err := one.file.Read(t.buf[:])
	if err != nil {
		return proc.Schedstat{}, err
	}
	return proc.ParseSchedstat(text)
}

// counted says how many threads the process has by now; another number than is known makes the next refresh look for them.
func (t *threads) counted(n int) {
	if min(n, maxThreads) != len(t.all) {
		t.listed = time.Time{}
	}
}

// maxThreads bounds how many threads of one process are looked at.
const maxThreads = 512

func (t *threads) list(now time.Time) {
	tids, err := t.proc.Threads(t.pid)
	if err != nil {
		return
	}
	t.listed = now
	added := false
	for _, tid := range tids[:min(maxThreads, len(tids))] {
		if slices.ContainsFunc(t.all, func(one *thread) bool { return one.tid == tid }) {
			continue
		}
		one := &thread{tid: tid}
		if _, err := t.account(one); err != nil {
			one.file.Close() // it was there to be opened, and ended before it was read
			continue
		}
		t.all = append(t.all, one)
		added = true
	}
	if added {
		slices.SortFunc(t.all, func(a, b *thread) int { return cmp.Compare(a.tid, b.tid) })
		t.markHouse()
	}
}

// markHouse finds Go's sysmon: the first thread that a Go program makes, before any of the program's own runs. It wakes up to 50,000 times a second while anything else runs.
func (t *threads) markHouse() {
	if !t.isGo || len(t.all) < 2 || slices.ContainsFunc(t.all, func(one *thread) bool { return one.house }) {
		return
	}
	for _, one := range t.all {
		if one.tid > t.pid {
			one.house = true
			return
		}
	}
}

// ran and waited are sums over all threads, those that ended included.
func (t *threads) ran() time.Duration {
	sum := t.gone
	for _, one := range t.all {
		sum += one.last.Ran
	}
	return sum
}

func (t *threads) waited() time.Duration {
	sum := t.delay
	for _, one := range t.all {
		sum += one.last.Delay
	}
	return sum
}
