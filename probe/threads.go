package probe

import (
	"cmp"
	"debug/buildinfo"
	"os"
	"slices"
	"strconv"
	"time"
)

func itoa(n int) string { return strconv.Itoa(n) }

// A thread of a worker, with its account by the scheduler kept open.
type thread struct {
	tid   int
	file  kept
	last  schedstat
	read  time.Time // last tick at which it was read
	moved time.Time // tick at which it was last seen to have run; zero: not since it is watched
	// quietBefore is the tick before that one: it ran between the two. Zero: not known.
	quietBefore time.Time
	house       bool        // housekeeping of a language's runtime: its turns are no sign of work
	first       *threadLook // the first of two looks; nil: none was taken
	found       *finding    // what both looks found; it stands as long as the thread does not run
}

// threads are those of one process. One goroutine may use it.
type threads struct {
	proc   proc
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
	exe := w.proc.pid(pid, "exe")
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
		one.file.close()
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
		is, err := one.account(t.buf[:])
		if err != nil {
			ended = true
			one.file.close()
			t.gone += one.last.ran
			t.delay += one.last.delay
			t.listed = time.Time{}
			continue
		}
		switch {
		case one.read.IsZero():
			ran = true
			moved = moved || t.begun && !one.house // a new thread
		case is.ran != one.last.ran || is.runs != one.last.runs:
			one.moved, one.quietBefore = now, one.read
			one.first, one.found = nil, nil
			ran = true
			moved = moved || !one.house
		}
		one.last, one.read = is, now
	}
	if ended {
		ran = true
		t.all = slices.DeleteFunc(t.all, func(one *thread) bool { return one.file.fd < 0 })
	}
	t.begun = true
	return ran, moved
}

// account reads what the scheduler says of the thread now.
func (one *thread) account(buf []byte) (schedstat, error) {
	text, err := one.file.read(buf)
	if err != nil {
		return schedstat{}, err
	}
	return parseSchedstat(text)
}

// counted says how many threads the process has by now; another number than is known makes the next refresh look for them.
func (t *threads) counted(n int) {
	if n != len(t.all) {
		t.listed = time.Time{}
	}
}

// maxThreads bounds how many threads of one process are looked at.
const maxThreads = 512

func (t *threads) list(now time.Time) {
	tids, err := t.proc.threads(t.pid)
	if err != nil {
		return
	}
	t.listed = now
	added := false
	for _, tid := range tids[:min(maxThreads, len(tids))] {
		if slices.ContainsFunc(t.all, func(one *thread) bool { return one.tid == tid }) {
			continue
		}
		file, err := keep(t.proc.task(t.pid, tid, "schedstat"))
		if err != nil {
			continue
		}
		t.all = append(t.all, &thread{tid: tid, file: file})
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
		sum += one.last.ran
	}
	return sum
}

func (t *threads) waited() time.Duration {
	sum := t.delay
	for _, one := range t.all {
		sum += one.last.delay
	}
	return sum
}
