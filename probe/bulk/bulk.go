// Package bulk reads the threads' accounts and the sockets of all workers at once by BPF iterators, where they can be
// had and cost less than /proc read one by one; for a few threads /proc is the cheaper way. What is found is the same.
package bulk

import (
	"cmp"
	"slices"
	"time"

	"github.com/hangtime-dev/hangtime/kernel/bpf"
)

// From is how many threads make it worth to open the iterators.
const From = 48

// A Reader reads rows of all watched processes. One goroutine may use it.
type Reader struct {
	failed  func(error)         // told why it is not read this way any more
	opening chan *bpf.Iterators // the iterators being opened; nil: none are
	tried   bool
	it      *bpf.Iterators // nil: not open, or they failed
	// The sockets of one process cannot be asked for by an iterator (before Linux 6.1), only those of all together.
	together bool
	pids     []int // of the watched processes
	tick     int
	threads  table[bpf.ThreadRow]
	sockets  table[bpf.SocketRow]
}

// New prepares to read; open says whether the iterators may be opened at all, as they may where the real /proc is
// watched. failed is told when a read failed: from then on /proc is read instead.
func New(open bool, failed func(error)) *Reader { return &Reader{tried: !open, failed: failed} }

// Tick begins a tick at which so many threads are to be read.
func (r *Reader) Tick(threads int) {
	r.tick++
	r.ready()
	if threads >= From {
		r.Open()
	}
}

// Open begins to open the iterators where it was not tried yet, on a goroutine of its own: it takes longer than a tick
// may.
func (r *Reader) Open() {
	if r.tried {
		return
	}
	r.tried = true
	r.opening = make(chan *bpf.Iterators, 1)
	go func() {
		it, err := bpf.OpenIterators()
		if err != nil {
			it = nil // there is /proc; hangtime doctor tells why
		}
		r.opening <- it
	}()
}

// ready takes the iterators over once they are open.
func (r *Reader) ready() {
	if r.opening == nil {
		return
	}
	select {
	case r.it = <-r.opening:
		r.opening = nil
		for _, pid := range r.pids {
			r.watch(pid)
		}
	default:
	}
}

// Watch adds a process.
func (r *Reader) Watch(pid int) {
	r.pids = append(r.pids, pid)
	r.watch(pid)
}

func (r *Reader) watch(pid int) {
	if r.it != nil && r.it.Watch(pid) != nil {
		r.drop() // more processes than it can follow
	}
}

// Forget takes a process out again.
func (r *Reader) Forget(pid int) {
	r.pids = slices.DeleteFunc(r.pids, func(one int) bool { return one == pid })
	if r.it != nil {
		r.it.Forget(pid)
	}
}

// Threads are the accounts of all threads, by process and thread id; ok is false where the caller is to read its count
// threads from /proc. They stand until the next call.
func (r *Reader) Threads(count int) (rows []bpf.ThreadRow, ok bool) {
	if r.it == nil || !r.threads.cheaper(r.tick, count) {
		return nil, false
	}
	return read(r, &r.threads, r.it.Threads, func(a, b bpf.ThreadRow) int { return cmp.Compare(a.PID, b.PID) })
}

// Sockets are the sockets of these processes, or of all where that is cheaper, by process; ok is false where the caller
// is to read them from /proc. They stand until the next call.
func (r *Reader) Sockets(pids []int) (rows []bpf.SocketRow, all, ok bool) {
	if r.it == nil {
		return nil, false, false
	}
	if all = r.sockets.cheaper(r.tick, len(pids)); all {
		rows, ok = r.allSockets()
	} else {
		rows, ok = r.socketsOf(pids)
	}
	return rows, all, ok
}

// NamedSockets are the same with their addresses, whatever it costs; ok is false where these cannot be had.
func (r *Reader) NamedSockets(pids []int) (rows []bpf.SocketRow, ok bool) {
	if r.it == nil || !r.it.Names() {
		return nil, false
	}
	if rows, ok := r.socketsOf(pids); ok {
		return rows, true
	}
	return r.allSockets()
}

func (r *Reader) allSockets() ([]bpf.SocketRow, bool) {
	return read(r, &r.sockets, r.it.Sockets, socketsByPID)
}

// socketsOf reads those of each process by itself.
func (r *Reader) socketsOf(pids []int) (rows []bpf.SocketRow, ok bool) {
	if r.together || len(pids) == 0 {
		return nil, false
	}
	began := time.Now()
	rows = r.sockets.rows[:0]
	for _, pid := range pids {
		var err error
		if rows, err = r.it.SocketsOf(rows, pid); err != nil {
			r.together = true
			return nil, false
		}
	}
	r.sockets.rows = rows
	r.SocketsTook(time.Since(began), len(pids))
	slices.SortStableFunc(rows, socketsByPID)
	return rows, true
}

func socketsByPID(a, b bpf.SocketRow) int { return cmp.Compare(a.PID, b.PID) }

func read[R any](r *Reader, t *table[R], from func([]R) ([]R, error), byPID func(a, b R) int) ([]R, bool) {
	began := time.Now()
	rows, err := from(t.rows[:0])
	t.rows = rows
	if err != nil {
		r.drop()
		r.failed(err)
		return nil, false
	}
	t.all.note(time.Since(began))
	// They come by thread id, those of a process among those of others.
	slices.SortStableFunc(rows, byPID)
	return rows, true
}

// ThreadsOf are the rows of one process; rows are in the order in which Threads gives them.
func ThreadsOf(rows []bpf.ThreadRow, pid int) []bpf.ThreadRow {
	return of(rows, pid, func(r bpf.ThreadRow) int { return r.PID })
}

// SocketsOf are the rows of one process; rows are in the order in which Sockets gives them.
func SocketsOf(rows []bpf.SocketRow, pid int) []bpf.SocketRow {
	return of(rows, pid, func(r bpf.SocketRow) int { return r.PID })
}

func of[R any](rows []R, pid int, pidOf func(R) int) []R {
	from, _ := slices.BinarySearchFunc(rows, pid, func(r R, pid int) int { return cmp.Compare(pidOf(r), pid) })
	to := from
	for to < len(rows) && pidOf(rows[to]) == pid {
		to++
	}
	return rows[from:to]
}

// ThreadsTook notes how long it took to read so many threads from /proc.
func (r *Reader) ThreadsTook(d time.Duration, count int) {
	r.threads.each.note(d / time.Duration(count))
}

// SocketsTook notes how long it took to read the sockets of so many processes one by one.
func (r *Reader) SocketsTook(d time.Duration, count int) {
	r.sockets.each.note(d / time.Duration(count))
}

// Close closes the iterators, those that are still being opened too.
func (r *Reader) Close() {
	if r.opening != nil {
		r.it = <-r.opening
		r.opening = nil
	}
	r.drop()
}

func (r *Reader) drop() {
	if r.it != nil {
		r.it.Close()
		r.it = nil
	}
}
