// Package proc reads the kernel's own words on processes from a proc file system: one file of /proc, one type. It
// keeps nothing, and judges nothing of what it reads.
package proc

import (
	"path/filepath"
	"strconv"
)

// FS is the root of a proc file system: "/proc", or a recorded one.
type FS string

// Path is where a file of a process is.
func (fs FS) Path(pid int, name string) string {
	return filepath.Join(string(fs), strconv.Itoa(pid), name)
}

// Self is where a file of the reading process is.
func (fs FS) Self(name string) string { return filepath.Join(string(fs), "self", name) }

// PIDs are all processes that can be seen.
func (fs FS) PIDs() ([]int, error) { return Numbers(string(fs)) }

// Threads are those of a process.
func (fs FS) Threads(pid int) ([]int, error) { return Numbers(fs.Path(pid, "task")) }

// FDs are the numbers of a process's descriptors (proc_pid_fd(5)).
func (fs FS) FDs(pid int) ([]int, error) { return Numbers(fs.Path(pid, "fd")) }
