package golang

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"

	"github.com/hangtime-dev/hangtime/stacks"
)

const maxThreads = 4096

// threads turns what a program takes for the id of a thread into what it is here: in a container the two differ.
type threads struct {
	dir    string         // of the process
	nested bool           // it has ids of its own
	outer  map[uint64]int // by its own id
}

func newThreads(p stacks.Process) threads {
	t := threads{dir: filepath.Join(p.Proc, strconv.Itoa(p.PID)), outer: map[uint64]int{}}
	t.nested = len(ownIDs(filepath.Join(t.dir, "status"))) > 1
	return t
}

// here is the id of a thread in the namespace of the proc file system; 0: there is none such.
func (t *threads) here(id uint64) int {
	if !t.nested {
		return int(id)
	}
	if here, ok := t.outer[id]; ok {
		return here
	}
	clear(t.outer)
	tasks, err := os.ReadDir(filepath.Join(t.dir, "task"))
	if err != nil {
		return 0
	}
	for _, task := range tasks[:min(len(tasks), maxThreads)] {
		here, err := strconv.Atoi(task.Name())
		if ids := ownIDs(filepath.Join(t.dir, "task", task.Name(), "status")); err == nil && len(ids) > 0 {
			t.outer[ids[len(ids)-1]] = here
		}
	}
	here := t.outer[id]
	t.outer[id] = here // also that it is not there, until another is asked for that is not either
	return here
}

// ownIDs are those of a thread from the outer namespace to its own: the line NSpid of /proc/PID/status, proc_pid_status(5).
func ownIDs(status string) []uint64 {
	text, err := os.ReadFile(status)
	if err != nil {
		return nil
	}
	_, line, ok := bytes.Cut(text, []byte("\nNSpid:"))
	if !ok {
		return nil
	}
	line, _, _ = bytes.Cut(line, []byte("\n"))
	var ids []uint64
	for _, field := range bytes.Fields(line) {
		id, err := strconv.ParseUint(string(field), 10, 32)
		if err != nil {
			return nil
		}
		ids = append(ids, id)
	}
	return ids
}
