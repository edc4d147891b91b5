package proc

import "bytes"

// FileLimit is the soft limit of a process's open files (RLIMIT_NOFILE, proc_pid_limits(5)); 0: it is not known.
func (fs FS) FileLimit(pid int) int {
	text, err := Read(fs.Path(pid, "limits"), MaxRead)
	if err != nil {
		return 0
	}
	return ParseFileLimit(text)
}

// ParseFileLimit finds it in the table.
func ParseFileLimit(text []byte) int {
	_, rest, found := bytes.Cut(text, []byte("Max open files"))
	if !found {
		return 0
	}
	w := Words{rest}
	n, ok := Decimal(w.Next())
	if !ok || n > 1<<31 {
		return 0
	}
	return int(n)
}
