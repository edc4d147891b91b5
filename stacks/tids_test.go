package stacks

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// space is a proc file system with one process and the lines NSpid of its threads.
func space(t *testing.T, threads map[int]string) Process {
	t.Helper()
	p := Process{Proc: t.TempDir(), PID: 4711}
	for tid, line := range threads {
		text := []byte(fmt.Sprintf("Name:\tjava\nTgid:\t4711\nPid:\t%d\nNSpid:\t%s\nVmPeak:\t1 kB\n", tid, line))
		dir := filepath.Join(p.Proc, "4711", "task", fmt.Sprint(tid))
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		for _, file := range []string{filepath.Join(dir, "status"), filepath.Join(p.Proc, "4711", "status")} {
			if tid != 4711 && file == filepath.Join(p.Proc, "4711", "status") {
				continue
			}
			if err := os.WriteFile(file, text, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	return p
}

func TestThreadIDs(t *testing.T) {
	for sentence, row := range map[string]struct {
		threads map[int]string
		want    map[int]int
	}{
		"a process in a container sees others": {map[int]string{4711: "4711\t1", 4712: "4712\t7"},
			map[int]int{1: 4711, 7: 4712, 8: 0}},
		"so does one two namespaces in": {map[int]string{4711: "4711\t12\t3", 4712: "4712\t13\t4"},
			map[int]int{3: 4711, 4: 4712, 13: 0}},
		"one that is in no namespace of its own does not": {map[int]string{4711: "4711", 4712: "4712"},
			map[int]int{4711: 4711, 4712: 4712}},
		"a line that is none is left out": {map[int]string{4711: "4711\t1", 4712: "x"},
			map[int]int{1: 4711, 4712: 0}},
	} {
		ids := NewThreadIDs(space(t, row.threads))
		for range 2 { // the second time what was found is kept
			for id, want := range row.want {
				if got := ids.Of(id); got != want {
					t.Errorf("%s: %d is %d, want %d", sentence, id, got, want)
				}
			}
		}
	}
}
