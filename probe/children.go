package probe

import (
	"time"
)

// A brood reads who a process's children are, from files that stay open. One goroutine may use it.
type brood struct {
	proc   proc
	parent int
	files  []kept // of the parent's threads: each has the children that it made
	listed time.Time
	buf    []byte
	pids   []int
}

func openBrood(p proc, parent int) *brood {
	return &brood{proc: p, parent: parent, buf: make([]byte, 4096)}
}

func (b *brood) close() {
	for i := range b.files {
		b.files[i].close()
	}
	b.files = b.files[:0]
}

// read returns the pids, which are valid until the next call. /proc/PID/task/TID/children may miss one while another ends (proc_tid_children(5)): absence in one look proves nothing.
func (b *brood) read() ([]int, error) {
	if len(b.files) == 0 || time.Since(b.listed) >= relist {
		if err := b.list(); err != nil {
			return nil, err
		}
	}
	if len(b.files) == 0 {
		return b.proc.childrenByScan(b.parent) // a kernel without CONFIG_PROC_CHILDREN
	}
	b.pids = b.pids[:0]
	for _, f := range b.files {
		text, err := f.read(b.buf)
		for err == nil && len(text) == len(b.buf) {
			b.buf = make([]byte, 2*len(b.buf))
			text, err = f.read(b.buf)
		}
		if err != nil {
			continue // no children, or the thread has ended
		}
		b.pids = parseChildren(text, b.pids)
	}
	return b.pids, nil
}

func parseChildren(text []byte, into []int) []int {
	w := words{text}
	for {
		word := w.next()
		if len(word) == 0 {
			return into
		}
		if n, ok := decimal(word); ok && n > 0 && n < 1<<31 {
			into = append(into, int(n))
		}
	}
}

func (b *brood) list() error {
	tids, err := b.proc.threads(b.parent)
	if err != nil {
		return err
	}
	b.close()
	b.listed = time.Now()
	for _, tid := range tids {
		if f, err := keep(b.proc.task(b.parent, tid, "children")); err == nil {
			b.files = append(b.files, f)
		}
	}
	return nil
}

// children are those that a process has now, read once.
func (p proc) children(pid int) ([]int, error) {
	b := openBrood(p, pid)
	defer b.close()
	return b.read()
}

func (p proc) childrenByScan(pid int) ([]int, error) {
	all, err := numbers(string(p))
	if err != nil {
		return nil, err
	}
	var out []int
	for _, one := range all {
		if s, err := p.stat(one); err == nil && s.parent == pid {
			out = append(out, one)
		}
	}
	return out, nil
}
