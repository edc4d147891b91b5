package threads

import (
	"debug/buildinfo"
	"os"
	"path/filepath"

	"github.com/hangtime-dev/hangtime/kernel/proc"
)

// goPrograms says by a program's path whether it is one of Go: the workers of one server run the same, and to read it
// takes milliseconds.
type goPrograms map[string]bool

// runs says whether a process runs a program of Go.
func (known goPrograms) runs(fs proc.FS, pid int) bool {
	exe := fs.Path(pid, "exe")
	path, err := os.Readlink(exe)
	if err != nil {
		return false
	}
	is, found := known[path]
	if !found {
		_, err := buildinfo.ReadFile(exe)
		is = err == nil
		known[path] = is
	}
	return is
}

// startedByJava says whether a process runs the launcher of a JDK.
func startedByJava(fs proc.FS, pid int) bool {
	path, err := os.Readlink(fs.Path(pid, "exe"))
	return err == nil && filepath.Base(path) == "java"
}
