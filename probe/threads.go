package probe

import (
	"cmp"
	"debug/buildinfo"
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
	house       bool // housekeeping of a language's runtime: its turns are no sign of work
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
}

func openThreads(p proc, pid int) *threads {
	t := &threads{proc: p, pid: pid}
	_, err := buildinfo.ReadFile(p.pid(pid, "exe"))
	t.isGo = err == nil
	return t
}

func (t *threads) close() {
	for _, one := range t.all {
		one.file.close()
	}
	t.all = nil
}

// relist is how often threads are looked for anew where their number did not change.
const relist = time.Second

// refresh reads every thread's account at tick now and says whether one that matters ran since the last. count is the number of threads that the process has.
func (t *threads) refresh(now time.Time, count int) (moved bool) {
	if count != len(t.all) || now.Sub(t.listed) >= relist {
		t.list(now)
	}
	buf := make([]byte, 128)
	alive := t.all[:0]
	for _, one := range t.all {
		text, err := one.file.read(buf)
		var is schedstat
		if err == nil {
			is, err = parseSchedstat(text)
		}
		if err != nil {
			one.file.close()
			t.gone += one.last.ran
			t.delay += one.last.delay
			t.listed = time.Time{}
			continue
		}
		switch {
		case one.read.IsZero():
			moved = moved || t.begun && !one.house // a new thread
		case is.ran != one.last.ran || is.runs != one.last.runs:
			one.moved, one.quietBefore = now, one.read
			moved = moved || !one.house
		}
		one.last, one.read = is, now
		alive = append(alive, one)
	}
	t.all, t.begun = alive, true
	return moved
}

func (t *threads) list(now time.Time) {
	tids, err := t.proc.threads(t.pid)
	if err != nil {
		return
	}
	t.listed = now
	for _, tid := range tids {
		if slices.ContainsFunc(t.all, func(one *thread) bool { return one.tid == tid }) {
			continue
		}
		file, err := keep(t.proc.task(t.pid, tid, "schedstat"))
		if err != nil {
			continue
		}
		t.all = append(t.all, &thread{tid: tid, file: file})
	}
	slices.SortFunc(t.all, func(a, b *thread) int { return cmp.Compare(a.tid, b.tid) })
	t.markHouse()
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
