package proc

import (
	"path/filepath"
	"strconv"
)

// A Thread is one of a process: a folder in /proc/PID/task.
type Thread struct {
	fs       FS
	pid, tid int
}

// Thread is one of a process.
func (fs FS) Thread(pid, tid int) Thread { return Thread{fs, pid, tid} }

// Path is where a file of the thread is.
func (t Thread) Path(name string) string {
	return filepath.Join(string(t.fs), strconv.Itoa(t.pid), "task", strconv.Itoa(t.tid), name)
}
