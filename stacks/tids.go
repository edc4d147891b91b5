package stacks

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// maxSpaceThreads bounds how many threads of a process are looked through.
const maxSpaceThreads = 8192

// ThreadIDs are the kernel's ids of a process's threads, by the ids that the process sees itself: in a container it sees others than we do.
type ThreadIDs struct {
	process Process
	own     bool // it has a namespace of ids of its own
	known   map[int]int
}

// NewThreadIDs is for one process.
func NewThreadIDs(p Process) *ThreadIDs {
	_, ids := namespaced(filepath.Join(p.Proc, strconv.Itoa(p.PID), "status"))
	return &ThreadIDs{process: p, own: len(ids) > 1, known: map[int]int{}}
}

// Of is the kernel's id of a thread; 0: there is none of that id. What it has found it keeps: ids of a process are used again only after thousands of others.
func (t *ThreadIDs) Of(id int) int {
	if !t.own {
		return id
	}
	if found, known := t.known[id]; known {
		return found
	}
	clear(t.known)
	dir := filepath.Join(t.process.Proc, strconv.Itoa(t.process.PID), "task")
	entries, err := os.ReadDir(dir)
	if err != nil {
		return 0 // it has ended
	}
	for _, e := range entries[:min(len(entries), maxSpaceThreads)] {
		if outer, ids := namespaced(filepath.Join(dir, e.Name(), "status")); len(ids) > 0 {
			t.known[ids[len(ids)-1]] = outer
		}
	}
	return t.known[id]
}

// namespaced reads the line NSpid of a status file (proc_pid_status(5)): the id in each namespace from ours inwards.
func namespaced(file string) (outer int, ids []int) {
	text, err := os.ReadFile(file)
	if err != nil {
		return 0, nil
	}
	_, line, _ := strings.Cut(string(text), "\nNSpid:")
	line, _, _ = strings.Cut(line, "\n")
	for _, field := range strings.Fields(line) {
		id, err := strconv.Atoi(field)
		if err != nil {
			return 0, nil
		}
		ids = append(ids, id)
	}
	if len(ids) == 0 {
		return 0, nil
	}
	return ids[0], ids
}
