//go:build bench

package bench

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// A keeper is what keeps tasks beside the server: processes that the bench starts, kills and looks into.
type keeper interface {
	flag() string            // by which the server finds it
	restart()                // kills one of them, and starts it again on its store
	groups() []int           // their process groups
	stop()                   // stops all of them, as the power does
	end()                    // kills all of them
	again(dir string) keeper // another on what is on a disk, with what stored needs
	stored() map[string]bool // ids of the tasks that it has and nobody has begun
}

// programOf is hangtime with the backend of a row; one that is a module of its own is built beside hangtime, if it is not yet.
func programOf(t *testing.T, r row) string {
	t.Helper()
	if r.module == "" {
		return *binary
	}
	program := filepath.Join(filepath.Dir(*binary), "hangtime-"+r.module)
	build := exec.Command("go", "build", "-o", program, "./cmd/hangtime-"+r.module)
	build.Dir, build.Env = filepath.Join("..", "..", "engines", r.module), append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build hangtime-%s: %v\n%s", r.module, err, out)
	}
	return program
}

// members are the processes of a group, by the third field after the name in proc_pid_stat(5).
func members(group int) []int {
	var all []int
	files, _ := filepath.Glob("/proc/[0-9]*/stat") // an error is a malformed pattern
	for _, file := range files {
		text, _ := os.ReadFile(file) // one that has ended meanwhile is in no group
		fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
		if len(fields) > 2 && fields[2] == strconv.Itoa(group) {
			pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(file)))
			all = append(all, pid)
		}
	}
	return all
}
