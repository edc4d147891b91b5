package waits

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hangtime-dev/hangtime/kernel/proc"
)

// laidEnds is a /proc in which each of these processes has the same pipe open, four times.
func laidEnds(t *testing.T, pids ...int) proc.FS {
	t.Helper()
	root := t.TempDir()
	for _, pid := range pids {
		for _, folder := range []string{"fd", "fdinfo"} {
			if err := os.MkdirAll(filepath.Join(root, fmt.Sprint(pid), folder), 0o755); err != nil {
				t.Fatal(err)
			}
		}
		for fd := range 4 {
			if err := os.Symlink("pipe:[7]", filepath.Join(root, fmt.Sprint(pid), "fd", fmt.Sprint(fd))); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(root, fmt.Sprint(pid), "fdinfo", fmt.Sprint(fd)),
				[]byte("flags:\t01\n"), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	return proc.FS(root)
}

// A machine with more descriptors than are looked at: those of the server are known all the same, and that others are
// not is said.
func TestWithTooManyDescriptorsThoseOfTheServerAreKnown(t *testing.T) {
	const arbiter = 3
	for _, row := range []struct {
		name string
		most int
		want int
		cut  bool
	}{{"as many as there are", 12, 12, false}, {"fewer", 5, 5, true}} {
		var said []string
		finder := New(laidEnds(t, 1, 2, arbiter), "",
			func(what string, err error) { said = append(said, fmt.Sprint(what, ": ", err)) })
		finder.host.ends.most, finder.host.near = row.most, []int{arbiter}
		for range 2 {
			found := finder.host.endsOf("pipe:[7]")
			of := 0
			for _, one := range found {
				if one.pid == arbiter {
					of++
				}
			}
			if len(found) != row.want || of != 4 {
				t.Errorf("%s: %d descriptors, %d of them the arbiter's; want %d and all 4", row.name, len(found),
					of, row.want)
			}
		}
		if cut := len(said) > 0 && strings.Contains(said[0], "more than 5 descriptors"); cut != row.cut {
			t.Errorf("%s: said %q", row.name, said)
		}
	}
}
