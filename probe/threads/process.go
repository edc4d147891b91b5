package threads

import (
	"cmp"
	"slices"
	"time"

	"github.com/hangtime-dev/hangtime/kernel/bpf"
	"github.com/hangtime-dev/hangtime/kernel/proc"
)

// A Process is one whose threads are followed. One goroutine may use it.
type Process struct {
	PID      int
	Threads  []*Thread // by thread id
	Ran      bool      // one of them ran since the tick before, or ended
	Mattered bool      // one that is not housekeeping did
	Go       bool      // it runs a program of Go
	Java     bool      // it was started by Java's launcher

	fs      proc.FS
	ended   time.Duration // processor time of threads that ended
	delayed time.Duration // for how long these had waited for a processor
	listed  time.Time     // when its threads were last looked for
	stirred bool          // one ran since, and may have made others
	begun   bool          // read once
	buf     [128]byte
}

// Account reads what the scheduler says of a thread now.
func (p *Process) Account(t *Thread) (proc.Schedstat, error) {
	if !t.file.IsOpen() {
		var err error
		if t.file, err = proc.Open(p.fs.Thread(p.PID, t.TID).Path("schedstat")); err != nil {
			return proc.Schedstat{}, err
		}
	}
	text, err := t.file.Read(p.buf[:])
	if err != nil {
		return proc.Schedstat{}, err
	}
	return proc.ParseSchedstat(text)
}

// CPU is the processor time that all threads have used, those that ended included.
func (p *Process) CPU() time.Duration {
	sum := p.ended
	for _, t := range p.Threads {
		sum += t.last.Ran
	}
	return sum
}

// Delay is how long all threads have waited for a processor, those that ended included.
func (p *Process) Delay() time.Duration {
	sum := p.delayed
	for _, t := range p.Threads {
		sum += t.last.Delay
	}
	return sum
}

// maxThreads bounds how many threads of one process are looked at.
const maxThreads = 512

// Counted says how many threads the process has by now; another number than is known makes the next read look for them.
func (p *Process) Counted(n int) {
	if min(n, maxThreads) != len(p.Threads) {
		p.listed = time.Time{}
	}
}

// relist is how often threads are looked for anew where some ran and their number did not change.
const relist = time.Second

// refresh reads every thread's account at tick now.
func (p *Process) refresh(now time.Time) {
	if p.listed.IsZero() || p.stirred && now.Sub(p.listed) >= relist {
		p.list(now)
	}
	p.Ran, p.Mattered = false, false
	ended := false
	for _, t := range p.Threads {
		is, err := p.Account(t)
		if err != nil {
			ended = true
			p.end(t)
			continue
		}
		p.note(t, is, now)
	}
	if ended {
		p.listed = time.Time{}
		p.sweep()
	}
	p.Ran, p.begun = p.Ran || ended, true
}

// take is refresh with accounts that were read for all processes at once; rows are this one's, by thread id.
func (p *Process) take(now time.Time, rows []bpf.ThreadRow) {
	p.listed = now
	p.Ran, p.Mattered = false, false
	known := len(p.Threads) // those behind are new ones
	next, ended := 0, false
	for _, row := range rows {
		for next < known && p.Threads[next].TID < row.TID {
			p.end(p.Threads[next])
			ended = true
			next++
		}
		var t *Thread
		switch {
		case next < known && p.Threads[next].TID == row.TID:
			t = p.Threads[next]
			next++
		case len(p.Threads) < maxThreads:
			t = &Thread{TID: row.TID}
			p.Threads = append(p.Threads, t)
		default:
			continue
		}
		p.note(t, row.Account, now)
	}
	for ; next < known; next++ {
		p.end(p.Threads[next])
		ended = true
	}
	if ended || len(p.Threads) > known {
		p.sweep()
		p.sort()
	}
	p.Ran, p.begun = p.Ran || ended, true
}

func (p *Process) note(t *Thread, is proc.Schedstat, now time.Time) {
	ran, mattered := t.note(is, now, !p.begun)
	p.Ran, p.Mattered, p.stirred = p.Ran || ran, p.Mattered || mattered, p.stirred || ran
}

// end keeps the sums of a thread that is no more; sweep leaves such out.
func (p *Process) end(t *Thread) {
	t.file.Close()
	t.ended = true
	p.ended += t.last.Ran
	p.delayed += t.last.Delay
}

func (p *Process) sweep() {
	p.Threads = slices.DeleteFunc(p.Threads, func(t *Thread) bool { return t.ended })
}

// list looks for threads that are not known yet.
func (p *Process) list(now time.Time) {
	tids, err := p.fs.Threads(p.PID)
	if err != nil {
		return
	}
	p.listed, p.stirred = now, false
	added := false
	for _, tid := range tids[:min(maxThreads, len(tids))] {
		if slices.ContainsFunc(p.Threads, func(t *Thread) bool { return t.TID == tid }) {
			continue
		}
		t := &Thread{TID: tid}
		if _, err := p.Account(t); err != nil {
			t.file.Close() // it was there to be opened, and ended before it was read
			p.stirred = true
			continue
		}
		p.Threads = append(p.Threads, t)
		added = true
	}
	if added {
		p.sort()
	}
}

// sort puts the threads in order, and finds those that keep house.
//
// Go's sysmon is the first thread that a Go program makes, before any of the program's own runs. It wakes up to 50,000
// times a second while anything else runs (sysmon in runtime/proc.go, Go 1.26: it sleeps 20 µs at least).
//
// Java's launcher makes a new thread for the virtual machine and its main(), and the process's first one waits for the
// end of that for life (ContinueInNewThread in java.base/share/native/libjli/java.c).
func (p *Process) sort() {
	slices.SortFunc(p.Threads, func(a, b *Thread) int { return cmp.Compare(a.TID, b.TID) })
	if slices.ContainsFunc(p.Threads, func(t *Thread) bool { return t.Housekeeping }) {
		return
	}
	i := slices.IndexFunc(p.Threads, func(t *Thread) bool { return p.Go && t.TID > p.PID || p.Java && t.TID == p.PID })
	if i >= 0 {
		p.Threads[i].Housekeeping = true
	}
}

func (p *Process) close() {
	for _, t := range p.Threads {
		t.file.Close()
	}
	p.Threads = nil
}
