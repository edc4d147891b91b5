package limits

import "github.com/hangtime-dev/hangtime/kernel/proc"

// Drops follows how many connections the kernel dropped because a listening socket's queue was full.
type Drops struct {
	before uint64
	begun  bool
}

// Read says how many there were so far, and whether it grew. They are counted for all listeners of the process's
// network namespace.
func (d *Drops) Read(fs proc.FS, pid int) (dropped uint64, grew bool) {
	dropped, ok := fs.ListenOverflows(pid)
	if !ok {
		return 0, false
	}
	grew = !d.begun || dropped > d.before // the first is what later ones are compared with
	d.before, d.begun = dropped, true
	return dropped, grew
}
