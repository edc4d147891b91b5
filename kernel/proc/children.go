package proc

import "time"

// Children reads who a process's children are, from files that stay open. One goroutine may use it.
type Children struct {
	fs     FS
	parent int
	files  []OpenFile // of the parent's threads: each has the children that it made
	listed time.Time
	buf    []byte
	pids   []int
}

// ChildrenOf prepares to read them.
func ChildrenOf(fs FS, parent int) *Children {
	return &Children{fs: fs, parent: parent, buf: make([]byte, 4096)}
}

// Close closes the files; a later Read opens them anew.
func (c *Children) Close() {
	for i := range c.files {
		c.files[i].Close()
	}
	c.files = c.files[:0]
}

const (
	// relist is how often the parent's threads are looked for anew.
	relist = time.Second
	// maxChildren bounds the text of one thread's list, in bytes: about 100,000 children.
	maxChildren = 1 << 20
)

// Read returns the pids, which are valid until the next call. /proc/PID/task/TID/children may miss one while another
// ends (proc_tid_children(5)): absence in one look proves nothing.
func (c *Children) Read() ([]int, error) {
	if len(c.files) == 0 || time.Since(c.listed) >= relist {
		if err := c.list(); err != nil {
			return nil, err
		}
	}
	if len(c.files) == 0 {
		return c.fs.childrenByScan(c.parent) // a kernel without CONFIG_PROC_CHILDREN
	}
	c.pids = c.pids[:0]
	for _, f := range c.files {
		text, err := f.Read(c.buf)
		for err == nil && len(text) == len(c.buf) && len(c.buf) < maxChildren {
			c.buf = make([]byte, 2*len(c.buf))
			text, err = f.Read(c.buf)
		}
		if err != nil {
			continue // no children, or the thread has ended
		}
		c.pids = ParseChildren(text, c.pids)
	}
	return c.pids, nil
}

// ParseChildren appends the pids of a list of children to into.
func ParseChildren(text []byte, into []int) []int {
	w := Words{text}
	for {
		word := w.Next()
		if len(word) == 0 {
			return into
		}
		if n, ok := Decimal(word); ok && n > 0 && n < 1<<31 {
			into = append(into, int(n))
		}
	}
}

func (c *Children) list() error {
	tids, err := c.fs.Threads(c.parent)
	if err != nil {
		return err
	}
	c.Close()
	c.listed = time.Now()
	for _, tid := range tids {
		if f, err := Open(c.fs.Thread(c.parent, tid).Path("children")); err == nil {
			c.files = append(c.files, f)
		}
	}
	return nil
}

// Children are those that a process has now, read once.
func (fs FS) Children(pid int) ([]int, error) {
	c := ChildrenOf(fs, pid)
	defer c.Close()
	return c.Read()
}

func (fs FS) childrenByScan(pid int) ([]int, error) {
	all, err := fs.PIDs()
	if err != nil {
		return nil, err
	}
	var out []int
	for _, one := range all {
		if s, err := fs.Stat(one); err == nil && s.Parent == pid {
			out = append(out, one)
		}
	}
	return out, nil
}
