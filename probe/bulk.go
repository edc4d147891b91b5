package probe

import (
	"fmt"
	"slices"
	"time"

	"github.com/hangtime-dev/hangtime/kernel/bpf"
)

// A bulk reads threads and sockets of all workers at once by BPF, where that can be had and costs less than to read /proc one by one; for a few threads that is the
// cheaper way. What is found is the same. One goroutine may use it.
type bulk struct {
	opening chan *bpf.Iterators // the ones being opened; nil: none are
	tried   bool
	it      *bpf.Iterators // nil: not open, or they failed
	rows    []bpf.ThreadRow
	inodes  []bpf.SocketRow
	// What it took at best of late, on the clock.
	threadEach, threadAll took // a thread by /proc, all by BPF
	scanEach, scanAll     took // the sockets of a worker by /proc, all by BPF
}

// took is about the least that something took: what a busy machine adds by chance is left out.
type took time.Duration

func (t *took) note(d time.Duration) {
	if grown := *t + *t/32; *t == 0 || took(d) < grown {
		*t = took(d)
	} else {
		*t = grown
	}
}

// bulkFrom is from how many threads on it is worth to open it.
const bulkFrom = 48

// try begins to open it, aside: it takes longer than a tick may.
func (b *bulk) try(threads int) {
	if b.tried || threads < bulkFrom {
		return
	}
	b.tried = true
	b.opening = make(chan *bpf.Iterators, 1)
	go func() {
		it, err := bpf.OpenIterators()
		if err != nil {
			it = nil // there is /proc; hangtime doctor tells why
		}
		b.opening <- it
	}()
}

// ready takes it over once it is open.
func (b *bulk) ready(workers []*worker) {
	if b.opening == nil {
		return
	}
	select {
	case b.it = <-b.opening:
		b.opening = nil
		for _, one := range workers {
			b.watch(one.PID)
		}
	default:
	}
}

func (b *bulk) close() {
	if b.opening != nil {
		b.it = <-b.opening
		b.opening = nil
	}
	b.drop()
}

func (b *bulk) drop() {
	if b.it != nil {
		b.it.Close()
		b.it = nil
	}
}

func (b *bulk) watch(pid int) {
	if b.it != nil && b.it.Watch(pid) != nil {
		b.drop() // more than it can follow
	}
}

func (b *bulk) forget(pid int) {
	if b.it != nil {
		b.it.Forget(pid)
	}
}

// otherEvery is how often the way that was dearer is tried again, in ticks: the machine may have other processes by then.
const otherEvery = 600

// cheaper says whether to read all by BPF; the way not known yet comes first.
func cheaper(tick int, each took, count int, all took) bool {
	return count > 0 && (all == 0 || each > 0 && (all < each*took(count)) != (tick%otherEvery == 0))
}

// readThreads reads the account of every thread of every worker.
func (w *watcher) readThreads(now time.Time) {
	w.ticks++
	count := 0
	for _, one := range w.workers {
		if !one.over {
			count += len(one.threads.all)
		}
	}
	w.bulk.ready(w.workers)
	if w.proc == "/proc" {
		w.bulk.try(count)
	}
	if w.bulk.it != nil && cheaper(w.ticks, w.bulk.threadEach, count, w.bulk.threadAll) && w.takeThreads(now) {
		return
	}
	began := time.Now()
	for _, one := range w.workers {
		if !one.over {
			one.ran, one.mattered = one.threads.refresh(now)
		}
	}
	if count > 0 {
		w.bulk.threadEach.note(time.Since(began) / time.Duration(count))
	}
}

// takeThreads reads them by BPF.
func (w *watcher) takeThreads(now time.Time) bool {
	began := time.Now()
	rows, err := w.bulk.it.Threads(w.bulk.rows[:0])
	w.bulk.rows = rows
	if err != nil {
		w.bulkFailed(err)
		return false
	}
	w.bulk.threadAll.note(time.Since(began))
	// They come by thread id, those of a process among those of others.
	slices.SortStableFunc(rows, func(a, b bpf.ThreadRow) int { return a.PID - b.PID })
	for _, one := range w.workers {
		if one.over {
			continue
		}
		from, _ := slices.BinarySearchFunc(rows, one.PID, func(r bpf.ThreadRow, pid int) int { return r.PID - pid })
		to := from
		for to < len(rows) && rows[to].PID == one.PID {
			to++
		}
		one.ran, one.mattered = one.threads.take(now, rows[from:to])
	}
	return true
}

func (w *watcher) bulkFailed(err error) {
	w.bulk.drop()
	w.detour("read by BPF iterator", fmt.Errorf("%w (/proc is read instead)", err))
}

// takeInodes reads by BPF which sockets the given workers have.
func (w *watcher) takeInodes(due []*worker) bool {
	if w.bulk.it == nil || !cheaper(w.ticks, w.bulk.scanEach, len(due), w.bulk.scanAll) {
		return false
	}
	began := time.Now()
	rows, err := w.bulk.it.Sockets(w.bulk.inodes[:0])
	w.bulk.inodes = rows
	if err != nil {
		w.bulkFailed(err)
		return false
	}
	w.bulk.scanAll.note(time.Since(began))
	slices.SortStableFunc(rows, func(a, b bpf.SocketRow) int { return a.PID - b.PID })
	for _, one := range due {
		one.inodes = one.inodes[:0]
		from, _ := slices.BinarySearchFunc(rows, one.PID, func(r bpf.SocketRow, pid int) int { return r.PID - pid })
		for _, row := range rows[from:] {
			if row.PID != one.PID {
				break
			}
			one.inodes = append(one.inodes, row.Inode)
		}
	}
	return true
}
